"""From a trained model to its artifact and report.

The general expert, the known words and the drift reference stand beside every kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opinionlens.base.errors import StageFailed
from opinionlens.classifiers.artifact import Model, write_artifact
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import Lineage, Manifest, Training
from opinionlens.classifiers.reader_weights import ReaderWeights
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.drift.profile_building import build_profile
from opinionlens.drift.reference import REFERENCE_NAME, Reference, build_reference
from opinionlens.evaluation.codes import in_label_order
from opinionlens.evaluation.scores import ModelScores, score
from opinionlens.features.spec import FeatureSpec
from opinionlens.pipeline.calibrating import FittedCalibration
from opinionlens.pipeline.export import least_familiar, self_test_texts
from opinionlens.pipeline.paths import SPLITS, Paths
from opinionlens.pipeline.reporting import rounded, scores_with_intervals
from opinionlens.pipeline.splits_on_disk import LabelledTexts, read_labelled_texts
from opinionlens.pipeline.text_readings import TextReading, read_texts
from opinionlens.text.general import GENERAL_FEATURES
from opinionlens.text.labels import Label
from opinionlens.text.recipe import NEGATED
from opinionlens.text.scripts import scripts_of

# A word of a single text may be a name or a slip; the vocabulary of the linear kind leaves it out, too.
_LEAST_TEXTS = 2


@dataclass(frozen=True)
class TrainedKind:
    """A trained model with its calibration.

    Attributes:
        family: as the manifest names it.
        params: of the training.
        classes: the labels of the columns.
        calibration: fitted on texts that the model had not seen.
        test_decisions: decision values (n, k) of the test split, without the expert's part.
        model: returns it with known words and expert, as data.
        calibrated_on: the splits that the calibration was fitted on, in that order.
        tolerance: how far the artifact's probabilities may be from those of the training.
        last_pieces: those that a Transformer reads from the end of a long text.
    """

    family: str
    params: Mapping[str, str | int | float | bool | None]
    classes: tuple[Label, ...]
    calibration: FittedCalibration
    test_decisions: NDArray[np.float64]
    model: Callable[[ReaderWeights], Model]
    calibrated_on: tuple[str, ...] = ("train", "val")
    # The artifact answers raw texts by another road than the pipeline did; both must arrive together.
    tolerance: float = 1e-6
    last_pieces: int = 0


@dataclass(frozen=True)
class KindTexts:
    """The splits as texts and as they are read."""

    splits: Mapping[str, LabelledTexts]
    readings: Mapping[str, Sequence[TextReading]]
    spec: FeatureSpec

    @property
    def known(self) -> LabelledTexts:
        """Train and validation, in that order."""
        return self.joined(("train", "val"))

    def joined(self, names: Sequence[str]) -> LabelledTexts:
        """Return the rows of some splits, one behind the other."""
        rows = [self.splits[name] for name in names]
        return LabelledTexts(
            [text for each in rows for text in each.texts],
            [label for each in rows for label in each.labels],
            [source for each in rows for source in each.sources],
        )


@dataclass(frozen=True)
class KindTested:
    """The results on the test split.

    It is used nowhere before.
    """

    probabilities: NDArray[np.float64]
    scores: ModelScores


def read_kind_texts(spec: FeatureSpec, paths: Paths) -> KindTexts:
    """Read the splits as texts and by the features.

    Raises:
        StageFailed: a file is missing or cannot be read.
    """
    splits = {name: read_labelled_texts(paths.preprocessed / f"{name}.parquet") for name in SPLITS}
    return KindTexts(
        splits, {name: read_texts(spec, rows.texts, rows.sources) for name, rows in splits.items()}, spec
    )


def score_kind(trained: TrainedKind, texts: KindTexts) -> KindTested:
    """Score the test split, once."""
    raw = trained.calibration.probabilities(trained.test_decisions, texts.readings["test"])
    probabilities = in_label_order(raw, trained.classes)
    return KindTested(probabilities, score(texts.splits["test"].labels, probabilities))


def known_words(readings: Sequence[TextReading]) -> tuple[str, ...]:
    """Return the tokens of two texts or more, sorted.

    With a word that was negated there is the word itself.
    """
    counted = Counter(
        word
        for one in readings
        for word in {form for token in one.tokens for form in (token, token.removesuffix(NEGATED))}
    )
    return tuple(sorted(word for word, texts in counted.items() if texts >= _LEAST_TEXTS and word))


def write_kind(
    directory: Path,
    trained: TrainedKind,
    texts: KindTexts,
    tested: KindTested,
    data_hash: str,
    *,
    unfamiliar_confidence: float,
    seed: int,
) -> Manifest:
    """Write the artifact and return its manifest.

    Raises:
        StageFailed: it answers otherwise than the model that it was made from.
    """
    general, known, unseen = trained.calibration.general, texts.known, texts.splits["val"].texts
    weights = ReaderWeights(known_words(texts.readings["train"]), general)
    manifest = Manifest(
        kind="",  # the model's
        labels=trained.classes,
        features=texts.spec,
        calibration=trained.calibration.choice.calibration,
        uncertainty=Uncertainty(
            min_confidence=trained.calibration.min_confidence.threshold,
            min_known_share=least_familiar(texts.spec, weights.text, unseen),
            scripts=scripts_of(unseen),
            unfamiliar_confidence=unfamiliar_confidence if general else 0.0,
        ),
        training=Training(
            family=trained.family,
            params=trained.params,
            sources=tuple(sorted(set(known.sources))),
            rows=len(known.texts),
            scores=rounded(tested.scores.as_metrics("test")),
        ),
        lineage=Lineage(data_hash=data_hash),
        general=GENERAL_FEATURES if general else (),
        last_pieces=trained.last_pieces,
    )
    reference = _reference(trained, texts, tested, weights.words, seed)
    written = write_artifact(
        directory,
        manifest,
        trained.model(weights),
        self_test_texts(unseen),
        extra_files={REFERENCE_NAME: reference.as_bytes()},
    )
    _check_agreement(directory, texts.splits["test"].texts, tested.probabilities, trained.tolerance)
    return written


def _check_agreement(
    directory: Path, texts: list[str], probabilities: NDArray[np.float64], tolerance: float
) -> None:
    served = load_classifier(directory)
    found = in_label_order(served.predict_proba(texts), served.labels)
    difference = float(np.abs(found - probabilities).max())
    if not difference <= tolerance:
        raise StageFailed(f"The artifact answers {difference:.2g} beside the model that it was made from.")


def _reference(
    trained: TrainedKind, texts: KindTexts, tested: KindTested, words: Sequence[str], seed: int
) -> Reference:
    """Describe the calibration's texts, and profile the test texts."""
    recipe, known = texts.spec.recipe, texts.joined(trained.calibrated_on)
    profile = build_profile(texts.splits["test"].texts, tested.probabilities, words, recipe, seed=seed)
    return build_reference(
        texts=known.texts,
        labels=known.labels,
        sources=known.sources,
        probabilities=in_label_order(trained.calibration.choice.probabilities),
        known_words=words,
        recipe=recipe,
        profile=profile,
    )


def report_kind(
    trained: TrainedKind, texts: KindTexts, tested: KindTested, *, seed: int, resamples: int
) -> dict[str, Any]:
    """Return the scores for the metrics file, with intervals."""
    choice, threshold = trained.calibration.choice, trained.calibration.min_confidence
    truth = texts.splits["test"].codes
    calibration = {one.method.value: {"log_loss": one.log_loss, "ece": one.ece} for one in choice.candidates}
    uncertain = {
        "min_confidence": threshold.threshold,
        "marked": threshold.marked,
        "error_rate": threshold.error_rate,
    }
    return {
        "test": scores_with_intervals(
            tested.scores, truth, tested.probabilities, seed=seed, resamples=resamples
        ),
        "calibration": rounded(calibration),
        "uncertain": rounded(uncertain),
        "params": dict(trained.params),
    }
