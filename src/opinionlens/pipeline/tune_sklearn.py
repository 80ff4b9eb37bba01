"""Stage `tune_sklearn`: search, refit, calibrate, write and record.

The search is over the families; the winner is refitted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opinionlens.base.errors import StageFailed
from opinionlens.base.files import write_json
from opinionlens.base.progress import Reporter
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import Lineage, Training
from opinionlens.drift.profile_building import build_profile
from opinionlens.drift.reference import REFERENCE_NAME, Reference, build_reference
from opinionlens.evaluation.codes import in_label_order
from opinionlens.evaluation.scores import ModelScores, score
from opinionlens.features.vocabulary import Vocabulary
from opinionlens.pipeline.calibrated import CalibratedEstimator, refit_calibrated
from opinionlens.pipeline.export import Provenance, write_fitted_artifact
from opinionlens.pipeline.finalists import best_finalist, compare_finalists
from opinionlens.pipeline.lineage import git_commit, hash_of_files
from opinionlens.pipeline.origin import Origin, write_origin
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import SPLITS, Paths
from opinionlens.pipeline.pictures import evaluation_pictures, keep_pictures, study_pictures
from opinionlens.pipeline.reporting import rounded, scores_with_intervals
from opinionlens.pipeline.splits_on_disk import LabelledTexts, read_labelled_texts
from opinionlens.pipeline.stage import run_stage
from opinionlens.pipeline.study import FinishedTrial
from opinionlens.pipeline.text_readings import TextReading, read_texts
from opinionlens.pipeline.tracked import open_tracking
from opinionlens.pipeline.trials import load_labelled, workers
from opinionlens.pipeline.tuning import STUDY_TAG, plan_study, search, trial_name, unfinished_run
from opinionlens.registry.port import COMMIT_TAG
from opinionlens.tracking.port import Run

# The artifact scores raw texts by another road than the estimator scored counts; both must arrive together.
_AGREEMENT = 1e-9
RUN_NAME = "tune_sklearn"
MODEL_NAME = "classifier"


@dataclass(frozen=True)
class Tested:
    """The final model's results on the test split.

    The test split is used nowhere before.
    """

    texts: LabelledTexts
    probabilities: NDArray[np.float64]
    scores: ModelScores


def tune_sklearn(params: Params, paths: Paths, reporter: Reporter) -> None:
    """Run the stage."""
    texts = {name: read_labelled_texts(paths.preprocessed / f"{name}.parquet") for name in SPLITS}
    _check_counts(texts, paths)
    tracked = open_tracking(reporter)
    seed = params.base.random_seed
    plan = plan_study(params.training, seed, paths.vectorized)
    with (
        workers(paths.vectorized, n_jobs=params.training.n_jobs, seed=seed) as pool,
        tracked.tracking.start_run(
            tracked.experiment,
            RUN_NAME,
            tags={STUDY_TAG: plan.name},
            resume=unfinished_run(tracked.tracking, tracked.experiment, plan.name),
        ) as run,
    ):
        trials = search(plan, pool, tracked.tracking, run, reporter)
        known = np.concatenate([texts["train"].codes, texts["val"].codes])
        finalists = compare_finalists(
            pool,
            trials,
            known,
            params.training.objective,
            folds=params.evaluation.calibration_folds,
            seed=seed,
            reporter=reporter,
        )
        best = best_finalist(finalists)
        winner = best.trial
        readings = _readings(texts, paths)
        fitted = refit_calibrated(
            pool,
            best,
            known,
            readings,
            params.evaluation,
            general_expert=params.training.general_expert,
            seed=seed,
            reporter=reporter,
        )
        tested = _test(fitted, texts["test"], readings["test"], paths)
        digest = _write_artifact(
            fitted, winner, tested, texts, paths, params.evaluation.unfamiliar_confidence, seed
        )
        report = _report(fitted, winner, tested, seed, params.evaluation.bootstrap_samples)
        pictures = evaluation_pictures(tested.scores, tested.texts.codes, tested.probabilities)
        pictures |= study_pictures(trials, params.training.objective)
        keep_pictures(pictures, paths.figures / RUN_NAME, run)
        commit = git_commit(paths.root)
        run.log_metrics({f"out_of_fold_{params.training.objective}": best.value})
        _record(run, tested, winner, paths, commit)
        model_id = run.log_classifier(paths.classifier, MODEL_NAME)
    report["finalists"] = rounded({trial_name(one.trial): one.value for one in finalists})
    write_json(paths.metrics / "tune_sklearn.json", report)
    write_origin(paths.tuned, Origin(digest, run.id, model_id, commit), _choice(winner, fitted))
    reporter.say(
        f"{winner.proposal.family}: macro F1 {report['test']['macro_f1']:.4f} "
        f"({report['test']['macro_f1_low']:.4f} to {report['test']['macro_f1_high']:.4f}), "
        f"calibration error {report['test']['ece']:.4f} on {report['test']['n']} test texts"
    )


def _check_counts(texts: dict[str, LabelledTexts], paths: Paths) -> None:
    """Raise if the counts are of other texts.

    They are after `preprocess_data` was run by hand without `vectorize_data`.
    """
    for name, rows in texts.items():
        if not np.array_equal(load_labelled(paths.vectorized / name).codes, rows.codes):
            raise StageFailed(
                f"The counts of {name} are not of the texts in {paths.preprocessed}.",
                where=str(paths.vectorized / name),
                remedy="Count again with `dvc repro vectorize_data`.",
            )


def _readings(texts: dict[str, LabelledTexts], paths: Paths) -> dict[str, list[TextReading]]:
    spec = Vocabulary.load(paths.vectorizer).spec
    return {name: read_texts(spec, rows.texts, rows.sources) for name, rows in texts.items()}


def _test(
    fitted: CalibratedEstimator, texts: LabelledTexts, readings: list[TextReading], paths: Paths
) -> Tested:
    counts = load_labelled(paths.vectorized / "test").counts
    raw = fitted.probabilities(fitted.estimator.decision_values(counts), readings)
    probabilities = in_label_order(raw, fitted.estimator.classes)
    return Tested(texts, probabilities, score(texts.labels, probabilities))


def _write_artifact(
    fitted: CalibratedEstimator,
    winner: FinishedTrial,
    tested: Tested,
    texts: dict[str, LabelledTexts],
    paths: Paths,
    unfamiliar_confidence: float,
    seed: int,
) -> str:
    """Write the artifact and return its digest.

    Raises unless it predicts as the model does.
    """
    train, val = texts["train"], texts["val"]
    training = Training(
        family=winner.proposal.family,
        params=winner.proposal.params,
        sources=tuple(sorted(set(train.sources + val.sources))),
        rows=len(train.texts) + len(val.texts),
        scores=rounded(tested.scores.as_metrics("test")),
    )
    lineage = Lineage(data_hash=hash_of_files(paths.preprocessed))
    vocabulary = Vocabulary.load(paths.vectorizer)
    reference = _reference(fitted, vocabulary, train, val, tested, seed)
    provenance = Provenance(lineage, training, {REFERENCE_NAME: reference.as_bytes()})
    manifest = write_fitted_artifact(
        paths.classifier,
        fitted,
        vocabulary,
        provenance,
        val.texts,
        unfamiliar_confidence=unfamiliar_confidence,
    )
    served = load_classifier(paths.classifier)
    found = in_label_order(served.predict_proba(tested.texts.texts), served.labels)
    difference = float(np.abs(found - tested.probabilities).max())
    if difference > _AGREEMENT:
        raise StageFailed(f"The artifact answers {difference:.2g} beside the model that it was made from.")
    return manifest.digest()


def _reference(
    fitted: CalibratedEstimator,
    vocabulary: Vocabulary,
    train: LabelledTexts,
    val: LabelledTexts,
    tested: Tested,
    seed: int,
) -> Reference:
    """Describe train + validation, and profile the test texts.

    Windows of served texts are compared with texts that are new to the model, as they are.
    """
    recipe = vocabulary.spec.recipe
    profile = build_profile(tested.texts.texts, tested.probabilities, vocabulary.words, recipe, seed=seed)
    return build_reference(
        texts=train.texts + val.texts,
        labels=train.labels + val.labels,
        sources=train.sources + val.sources,
        probabilities=in_label_order(fitted.choice.probabilities),
        known_words=vocabulary.words,
        recipe=recipe,
        profile=profile,
    )


def _report(
    fitted: CalibratedEstimator, winner: FinishedTrial, tested: Tested, seed: int, resamples: int
) -> dict[str, Any]:
    choice = fitted.choice
    test = scores_with_intervals(
        tested.scores, tested.texts.codes, tested.probabilities, seed=seed, resamples=resamples
    )
    calibration = {one.method.value: {"log_loss": one.log_loss, "ece": one.ece} for one in choice.candidates}
    uncertain = {
        "min_confidence": fitted.min_confidence.threshold,
        "marked": fitted.min_confidence.marked,
        "error_rate": fitted.min_confidence.error_rate,
    }
    return {
        "test": test,
        "val": rounded(dict(winner.outcome.metrics)),
        "calibration": rounded(calibration),
        "uncertain": rounded(uncertain),
    }


def _choice(winner: FinishedTrial, fitted: CalibratedEstimator) -> dict[str, Any]:
    """Return the choice and its reasons, beside the numbers."""
    choice = fitted.choice
    length = choice.calibration.length
    return {
        "family": winner.proposal.family,
        "params": winner.proposal.params,
        "converged": fitted.estimator.converged,
        "calibration": {
            "method": choice.calibration.method.value,
            "reason": choice.reason,
            "length": None if length is None else asdict(length),
        },
    }


def _record(run: Run, tested: Tested, winner: FinishedTrial, paths: Paths, commit: str | None) -> None:
    if commit is not None:
        run.set_tags({COMMIT_TAG: commit})
    run.log_params({"family": winner.proposal.family, **winner.proposal.params})
    run.log_metrics(dict(winner.outcome.metrics) | tested.scores.as_metrics("test"))
    run.log_file(paths.metrics / "data_report.json")


def main() -> None:
    """Run the stage."""
    run_stage(tune_sklearn)


if __name__ == "__main__":
    main()
