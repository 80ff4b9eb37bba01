"""From a fitted estimator to an artifact.

Families fit, classifiers predict, and this module turns one into the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from opinionlens.classifiers.artifact import SELF_TEST_TEXTS, Model, write_artifact
from opinionlens.classifiers.linear.general_weights import GeneralWeights
from opinionlens.classifiers.linear.linear_classifier import LinearModel
from opinionlens.classifiers.linear.text_reading import TextReader
from opinionlens.classifiers.linear.weights import Block, LinearWeights, TextWeights
from opinionlens.classifiers.manifest import Lineage, Manifest, Training
from opinionlens.classifiers.skops import SkopsModel
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.families.estimator import (
    LEAST_PROBABILITY,
    Estimator,
    LinearEstimator,
    SklearnEstimator,
)
from opinionlens.features.spec import DENSE_FEATURES, FeatureSpec
from opinionlens.features.vocabulary import Vocabulary
from opinionlens.features.weighting import Weighting
from opinionlens.pipeline.calibrated import CalibratedEstimator
from opinionlens.text.general import GENERAL_FEATURES
from opinionlens.text.scripts import scripts_of

# Fixed texts that touch every step of a recipe, so that a self-test notices a change in any of them.
_PROBES = (
    "I love it :) thank you!!!",
    "not good, never again... 😡",
    "@brand sooooo happy with #GreatService http://example.com/x",
    "The parcel arrived on Tuesday.",
    "don't bother &amp; <b>avoid</b>",
    "",
)
# A text is foreign when it has fewer known words than all but this share of the texts outside training …
_STRANGEST = 0.002
# … but knowing every second word is never foreign, however narrow the training texts were.
_AT_MOST = 0.5


@dataclass(frozen=True)
class Provenance:
    """The manifest's facts about the classifier's origin."""

    lineage: Lineage
    training: Training
    extra_files: Mapping[str, bytes] = field(default_factory=dict)


def write_fitted_artifact(
    directory: Path,
    fitted: CalibratedEstimator,
    vocabulary: Vocabulary,
    provenance: Provenance,
    unseen_texts: Sequence[str],
    *,
    unfamiliar_confidence: float = 0.0,
) -> Manifest:
    """Write the artifact and return its manifest.

    Args:
        directory: the artifact's folder; replaced as a whole.
        fitted: the calibrated estimator.
        vocabulary: the one that its counts are of.
        provenance: lineage, training and further files.
        unseen_texts: texts that the vocabulary was not fitted on; they say how strange a text may be.
        unfamiliar_confidence: below this, answers to texts unlike these are uncertain.
    """
    model = model_of(fitted.estimator, vocabulary, fitted.calibration.general)
    text = _text_weights(fitted.estimator, vocabulary)
    manifest = Manifest(
        kind=model.kind,
        labels=fitted.estimator.classes,
        features=vocabulary.spec,
        calibration=fitted.choice.calibration,
        uncertainty=Uncertainty(
            min_confidence=fitted.min_confidence.threshold,
            min_known_share=least_familiar(vocabulary.spec, text, unseen_texts),
            scripts=scripts_of(unseen_texts),
            unfamiliar_confidence=unfamiliar_confidence if fitted.calibration.general else 0.0,
        ),
        training=provenance.training,
        lineage=provenance.lineage,
        general=GENERAL_FEATURES if fitted.calibration.general else (),
    )
    return write_artifact(
        directory, manifest, model, self_test_texts(unseen_texts), extra_files=provenance.extra_files
    )


def model_of(estimator: Estimator, vocabulary: Vocabulary, general: GeneralWeights | None = None) -> Model:
    """Return the estimator as data that predicts raw texts."""
    text = _text_weights(estimator, vocabulary)
    if isinstance(estimator, LinearEstimator):
        coef = np.ascontiguousarray(estimator.coef, dtype=np.float64)
        intercept = np.asarray(estimator.intercept, dtype=np.float64)
        return LinearModel(LinearWeights(text, coef, intercept, general))
    if isinstance(estimator, SklearnEstimator):
        return SkopsModel(text, estimator.columns, estimator.model, LEAST_PROBABILITY)
    raise TypeError(f"no kind of artifact holds a {type(estimator).__name__}")


def self_test_texts(texts: Sequence[str]) -> list[str]:
    """Return the 8 texts of the artifact's self-test.

    Fixed probes, then the first texts of the data.
    """
    return [*_PROBES, *texts, *_PROBES][:SELF_TEST_TEXTS]


def _text_weights(estimator: Any, vocabulary: Vocabulary) -> TextWeights:  # noqa: ANN401 - either estimator
    return TextWeights(_blocks(estimator.weighting, vocabulary))


def _blocks(weighting: Weighting, vocabulary: Vocabulary) -> tuple[Block, ...]:
    terms = {"words": vocabulary.words, "chars": vocabulary.chars, **DENSE_FEATURES}
    return tuple(
        Block(
            name=name,
            terms=terms[name],
            tf=block.tf,
            scale=np.asarray(block.scale, dtype=np.float64),
            normalise=block.normalise,
            factor=block.factor,
        )
        for name, block in weighting.blocks()
    )


def least_familiar(spec: FeatureSpec, text: TextWeights, unseen_texts: Sequence[str]) -> float:
    """Return the least share of known words of familiar texts.

    Below it a text is foreign. In hundredths.
    """
    reader = TextReader(spec, text)
    least_words = Uncertainty().min_words
    shares = [
        known / words
        for words, known, _ in (reader.familiarity(spec.recipe.tokens(one)) for one in unseen_texts)
        if words >= least_words
    ]
    strangest = float(np.quantile(shares, _STRANGEST)) if shares else _AT_MOST
    return float(np.floor(min(strangest, _AT_MOST) * 100) / 100)
