"""Stage `train_distilled`: a linear model taught by a slow one.

The teacher answers the training texts and texts without labels; the student learns from its answers. The
general expert stays outside both: it is fitted beside the student as beside every kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opinionlens.base.errors import OpinionLensError, StageFailed
from opinionlens.base.files import write_json
from opinionlens.base.progress import Reporter, Task
from opinionlens.classifiers.black_box import BlackBoxClassifier
from opinionlens.classifiers.linear.linear_classifier import LinearModel
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.reader_weights import ReaderWeights
from opinionlens.evaluation.calibration_fit import fit_temperature
from opinionlens.evaluation.scores import score
from opinionlens.features.vocabulary import VocabularyLimits
from opinionlens.pipeline.calibrating import calibrate
from opinionlens.pipeline.export import model_of
from opinionlens.pipeline.general_part import fit_general_at
from opinionlens.pipeline.kind_export import (
    KindTexts,
    TrainedKind,
    read_kind_texts,
    report_kind,
)
from opinionlens.pipeline.kind_params import DistilledParams, load_kind_params
from opinionlens.pipeline.kind_recording import record_kind
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.reporting import rounded
from opinionlens.pipeline.splits_on_disk import read_weights
from opinionlens.pipeline.stage import run_stage
from opinionlens.pipeline.teaching import Lesson, Setting, Taught, teach
from opinionlens.pipeline.text_readings import read_texts
from opinionlens.pipeline.tracked import open_tracking
from opinionlens.pipeline.unlabelled_texts import UnlabelledTexts, read_unlabelled
from opinionlens.pipeline.vectorize_data import Vectorized, features_from_params, vectorize
from opinionlens.text.labels import LABELS

RUN_NAME = "train_distilled"
# A bar that moves for every text would take time of its own.
_TEXTS_A_STEP = 64
_TEACHING = ("onnx", "fasttext")

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TeacherAnswers:
    """The teacher's shares of the classes, by rows."""

    train: Floats
    unlabelled: Floats
    val_macro_f1: float


def train_distilled(params: Params, paths: Paths, reporter: Reporter) -> None:
    """Run the stage."""
    chosen, seed = load_kind_params(paths.kind_params).distilled, params.base.random_seed
    teacher = load_teacher(paths.root / chosen.teacher)
    texts = read_kind_texts(features_from_params(params.recipe, params.features), paths)
    unlabelled = _unlabelled(chosen, texts, paths.raw(params.data.raw_dir), seed)
    answers = ask(teacher, texts, unlabelled.texts, reporter)
    limits = VocabularyLimits(params.features.min_df, params.features.max_features)
    rows = {name: split.texts for name, split in texts.splits.items()}
    rows["train"] = [*rows["train"], *unlabelled.texts]
    vectorized = vectorize(texts.spec, rows, limits, reporter)
    lesson = _lesson(vectorized, texts, answers, read_weights(paths.preprocessed / "train.parquet"))
    tracked = open_tracking(reporter)
    with tracked.tracking.start_run(tracked.experiment, RUN_NAME) as run:
        taught = _taught(lesson, vectorized, texts, chosen, seed, reporter)
        trained = _trained(taught, vectorized, texts, unlabelled, chosen, params)
        teaching = _of_teaching(taught, answers, unlabelled)
        recorded = record_kind(
            trained,
            texts,
            paths.distilled,
            run,
            paths,
            RUN_NAME,
            unfamiliar_confidence=params.evaluation.unfamiliar_confidence,
            seed=seed,
            metrics=teaching,
        )
    report = report_kind(
        trained, texts, recorded.tested, seed=seed, resamples=params.evaluation.bootstrap_samples
    )
    write_json(paths.metrics / f"{RUN_NAME}.json", report | {"teaching": rounded(teaching)})
    _tell(report["test"], teaching, recorded.model_id, reporter)


def load_teacher(folder: Path) -> BlackBoxClassifier:
    """Load the teacher's artifact.

    Raises:
        StageFailed: it is missing, of a fast kind, or answers other labels.
    """
    remedy = "Name the folder of an artifact of kind onnx or fasttext under `distilled.teacher`."
    try:
        teacher = load_classifier(folder)
    except OpinionLensError as error:
        raise StageFailed(
            f"The teacher cannot be loaded: {error}", where=str(folder), remedy=remedy
        ) from error
    kind = teacher.manifest.kind
    if kind not in _TEACHING or not isinstance(teacher, BlackBoxClassifier):
        raise StageFailed(f"A model of kind {kind} teaches nothing new.", where=str(folder), remedy=remedy)
    if set(teacher.labels) != set(LABELS):
        raise StageFailed("The teacher does not answer all three labels.", where=str(folder))
    return teacher


def ask(
    teacher: BlackBoxClassifier, texts: KindTexts, unlabelled: Sequence[str], reporter: Reporter
) -> TeacherAnswers:
    """Return the teacher's own shares, without its general expert.

    Their scale is that of the validation split, which the teacher has not learnt from.
    """
    train, val = texts.splits["train"].texts, texts.splits["val"]
    order = [teacher.labels.index(label) for label in LABELS]
    with reporter.track(
        "asking the teacher", len(train) + len(val.texts) + len(unlabelled), unit="text"
    ) as bar:
        of_val, of_train, of_unlabelled = (
            _decisions(teacher, rows, bar)[:, order] for rows in (val.texts, train, unlabelled)
        )
    softened = fit_temperature(of_val, val.codes)
    known = score(val.codes, softened.apply(of_val)).macro_f1
    return TeacherAnswers(softened.apply(of_train), softened.apply(of_unlabelled), known)


def _decisions(teacher: BlackBoxClassifier, texts: Sequence[str], bar: Task) -> Floats:
    def parts() -> Iterator[Floats]:
        yield np.empty((0, len(LABELS)))
        for start in range(0, len(texts), _TEXTS_A_STEP):
            part = texts[start : start + _TEXTS_A_STEP]
            yield teacher.own_decision_values(part)
            bar.advance(len(part))

    return np.concatenate(list(parts()))


def _unlabelled(chosen: DistilledParams, texts: KindTexts, raw: Path, seed: int) -> UnlabelledTexts:
    labelled = (text for split in texts.splits.values() for text in split.texts)
    return read_unlabelled(chosen.files, raw, labelled, most=chosen.max_texts, seed=seed)


def _lesson(vectorized: Vectorized, texts: KindTexts, answers: TeacherAnswers, agreement: Floats) -> Lesson:
    train, counts = texts.splits["train"], vectorized.counts["train"]
    labelled = np.arange(len(train.texts))
    others = np.arange(len(train.texts), len(train.texts) + len(answers.unlabelled))
    return Lesson(
        labelled=counts.rows(labelled),
        codes=train.codes,
        weights=agreement,
        groups=np.unique(train.sources, return_inverse=True)[1].astype(np.int64),
        unlabelled=counts.rows(others) if len(others) else None,
        of_labelled=answers.train,
        of_unlabelled=answers.unlabelled,
    )


def _taught(
    lesson: Lesson,
    vectorized: Vectorized,
    texts: KindTexts,
    chosen: DistilledParams,
    seed: int,
    reporter: Reporter,
) -> Taught:
    settings = [Setting(float(c), float(trust)) for c, trust in product(chosen.strength, chosen.trust)]
    with reporter.track("teaching", len(settings) + len(chosen.strength), unit="fit") as bar:
        codes = texts.splits["val"].codes
        return teach(lesson, vectorized.counts["val"], codes, settings, seed=seed, done=bar.advance)


def _trained(
    taught: Taught,
    vectorized: Vectorized,
    texts: KindTexts,
    unlabelled: UnlabelledTexts,
    chosen: DistilledParams,
    params: Params,
) -> TrainedKind:
    """Calibrate on the validation split, which taught nothing."""
    codes, general = texts.splits["val"].codes, None
    decisions = taught.estimator.decision_values(vectorized.counts["val"])
    if params.training.general_expert:
        scale = fit_temperature(decisions, codes).scale[0]
        further = read_texts(texts.spec, unlabelled.texts)
        general = fit_general_at(texts.readings, texts.known.codes, decisions, scale, further=further)

    def model(weights: ReaderWeights) -> LinearModel:
        made = model_of(taught.estimator, vectorized.vocabulary, weights.general)
        assert isinstance(made, LinearModel)  # noqa: S101 - of a linear estimator
        return made

    return TrainedKind(
        family="distilled",
        params={
            "teacher": chosen.teacher,
            "C": taught.setting.strength,
            "trust": taught.setting.trust,
            "unlabelled_texts": len(unlabelled.texts),
        },
        classes=LABELS,
        calibration=calibrate(
            decisions,
            codes,
            texts.readings["val"],
            LABELS,
            params.evaluation,
            general=general,
            seed=params.base.random_seed,
        ),
        test_decisions=taught.estimator.decision_values(vectorized.counts["test"]),
        model=model,
        calibrated_on=("val",),
    )


def _of_teaching(
    taught: Taught, answers: TeacherAnswers, unlabelled: UnlabelledTexts
) -> dict[str, float | int]:
    return {
        "val_macro_f1_teacher": answers.val_macro_f1,
        "val_macro_f1_untaught": taught.untaught_macro_f1,
        "val_macro_f1": taught.macro_f1,
        "unlabelled_read": unlabelled.read,
        "unlabelled_unusable": unlabelled.unusable,
        "unlabelled_labelled": unlabelled.labelled,
        "unlabelled_taken": len(unlabelled.texts),
    }


def _tell(test: Mapping[str, Any], teaching: Mapping[str, float], model_id: str, reporter: Reporter) -> None:
    reporter.say(
        f"distilled: macro F1 {test['macro_f1']:.4f} ({test['macro_f1_low']:.4f} to "
        f"{test['macro_f1_high']:.4f}) on {test['n']} test texts; on validation "
        f"{teaching['val_macro_f1']:.4f}, without the teacher {teaching['val_macro_f1_untaught']:.4f}, "
        f"the teacher {teaching['val_macro_f1_teacher']:.4f}. "
        f"Take it through the gate with `register_model {model_id} NAME`."
    )


def main() -> None:
    """Run the stage."""
    run_stage(train_distilled)


if __name__ == "__main__":
    main()
