"""Stage `run_evals`: a classifier's scores by slice and source.

The tuned classifier, or a logged one.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from opinionlens.base.errors import StageFailed
from opinionlens.base.files import write_json
from opinionlens.base.progress import Reporter
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.load import load_classifier
from opinionlens.evaluation.behaviour import pass_rates
from opinionlens.evaluation.hard_behaviour_cases import HARD_CHECKS
from opinionlens.evaluation.scores import score
from opinionlens.pipeline.by_length import probabilities_of, scores_by_length
from opinionlens.pipeline.card_scores import Drawing, card_scores
from opinionlens.pipeline.everyday_sentences import everyday_scores, read_everyday
from opinionlens.pipeline.origin import origin_of
from opinionlens.pipeline.other_kinds import OtherKind, read_other_kinds
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.reporting import rounded, scores_with_intervals
from opinionlens.pipeline.row_sets import row_sets
from opinionlens.pipeline.splits_on_disk import LabelledTexts, read_labelled_texts
from opinionlens.pipeline.stage import run_stage
from opinionlens.pipeline.tracked import Tracked, open_tracking
from opinionlens.tracking.port import Run, Tracking

RUN_NAME = "run_evals"


def run_evals(params: Params, paths: Paths, reporter: Reporter, *, given: str | None = None) -> None:
    """Score the classifier on each row set, in one run.

    Each set has a run nested in it. The classifier is the logged model `given`, else `models.model_id` of the
    parameters, else the tuned artifact. The scores of a `given` one are shown and tracked, but do not take
    the place of the pipeline's own.
    """
    tracked = open_tracking(reporter)
    drawing = Drawing(params.base.random_seed, params.evaluation.bootstrap_samples)
    model_id = given or params.models.model_id
    report: dict[str, Any] = {"slices": {}, "sources": {}}
    with (
        _classifier(tracked.tracking, model_id, paths) as classifier,
        tracked.tracking.start_run(tracked.experiment, RUN_NAME, tags=_tags(model_id, paths)) as parent,
    ):
        sets = list(row_sets(paths))
        with reporter.track("slices and sources", len(sets), unit="set") as bar:
            for rows in sets:
                with tracked.tracking.start_run(tracked.experiment, rows.name, parent=parent.id) as run:
                    report[rows.kind][rows.name] = _score(classifier, rows.texts, run, params)
                bar.note(rows.name)
                bar.advance()
        report["behaviour"], report["hard_behaviour"] = _behaviour(classifier)
        test = read_labelled_texts(paths.preprocessed / "test.parquet")
        report["lengths"] = scores_by_length(classifier, test.texts, test.labels)
        if (sentences := read_everyday(paths)) is not None:
            report["everyday"] = everyday_scores(classifier, sentences, drawing)
            parent.log_metrics({"everyday.accuracy": report["everyday"]["accuracy"]})
        others = read_other_kinds(
            params.evaluation.other_kinds,
            paths.raw(params.data.raw_dir),
            paths.preprocessed,
            trained_on=classifier.manifest.training.sources,
            seed=params.base.random_seed,
        )
        report["other_kinds"] = {}
        for other in others:
            with reporter.track(f"texts of another kind: {other.name}"):
                report["other_kinds"][other.name] = _score_other(classifier, other, tracked, parent, drawing)
        parent.log_metrics({f"behaviour.{name}": rate for name, rate in report["behaviour"].items()})
    _tell(report, others, reporter)
    if given is None:
        write_json(paths.metrics / f"{RUN_NAME}.json", report)


def _score(classifier: Classifier, texts: LabelledTexts, run: Run, params: Params) -> dict[str, Any]:
    probabilities = probabilities_of(classifier, texts.texts)
    scores = score(texts.labels, probabilities)
    run.log_metrics(scores.as_metrics("test"))
    return scores_with_intervals(
        scores,
        texts.codes,
        probabilities,
        seed=params.base.random_seed,
        resamples=params.evaluation.bootstrap_samples,
    )


def _score_other(
    classifier: Classifier, other: OtherKind, tracked: Tracked, parent: Run, drawing: Drawing
) -> dict[str, float]:
    scores = card_scores(classifier, other.texts, other.labels, drawing)
    if other.texts:
        with tracked.tracking.start_run(tracked.experiment, other.name, parent=parent.id) as run:
            run.log_metrics(scores)
    return scores


def _tell(report: dict[str, Any], others: Sequence[OtherKind], reporter: Reporter) -> None:
    if everyday := report.get("everyday"):
        reporter.say(f"everyday sentences: {everyday['accuracy']:.1%} of {everyday['n']} right")
    for kind in ("slices", "sources"):
        for name, scores in report[kind].items():
            reporter.say(f"{name}: macro F1 {scores['macro_f1']:.4f}, accuracy {scores['accuracy']:.4f}")
    for other in others:
        scores = report["other_kinds"][other.name]
        reporter.say(
            f"{other.name}: not measured, {other.problem}"
            if other.problem
            else f"{other.name}, {scores['n']:,} texts of another kind: macro F1 {scores['macro_f1']:.4f}, "
            f"of VADER {scores['vader_macro_f1']:.4f}"
        )


def _tags(model_id: str | None, paths: Paths) -> dict[str, str]:
    if model_id is None:
        origin = origin_of(paths.classifier, paths.tuned)
        return {} if origin is None else {"model_id": origin.model_id}
    return {"model_id": model_id}


def _behaviour(classifier: Classifier) -> tuple[dict[str, float], dict[str, float]]:
    """Return the pass rates of gating and of harder checks.

    The harder ones are shown only.
    """
    predict = partial(probabilities_of, classifier)
    return rounded(pass_rates(predict)), rounded(pass_rates(predict, HARD_CHECKS))


@contextmanager
def _classifier(tracking: Tracking, model_id: str | None, paths: Paths) -> Iterator[Classifier]:
    if model_id is None:
        if not paths.classifier.exists():
            raise StageFailed(
                "There is no tuned classifier yet.",
                where=str(paths.classifier),
                remedy="Make one with `dvc repro tune_sklearn`.",
            )
        yield load_classifier(paths.classifier)
        return
    with tempfile.TemporaryDirectory(prefix="opinionlens-evals-") as folder:
        yield load_classifier(tracking.logged_classifier(model_id, Path(folder) / "artifact"))


def main() -> None:
    """Run the stage.

    As `evals <model_id>` it takes the id of a logged model instead of the parameters'.
    """
    given = sys.argv[1] if len(sys.argv) > 1 else None
    run_stage(partial(run_evals, given=given))


if __name__ == "__main__":
    main()
