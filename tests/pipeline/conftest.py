"""Small trained classifiers and a corpus with a signal in it, for the stages."""

from pathlib import Path

import numpy as np
import pytest

from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.linear.linear_classifier import LinearModel
from opinionlens.classifiers.linear.weights import Block, LinearWeights, TextWeights
from opinionlens.classifiers.manifest import Lineage, Manifest, Training
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.features.calibration import Calibration
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES

GOOD = ("great", "love", "lovely", "happy", "excellent")
BAD = ("awful", "hate", "terrible", "worst", "broken")
PLAIN = ("tuesday", "gate", "parcel", "invoice", "update")


def write_word_classifier(
    folder: Path,
    weights: dict[str, tuple[float, float, float]],
    sources: tuple[str, ...] = (),
    **lineage: str,
) -> Path:
    """Write an artifact that adds up these weights (negative, neutral, positive) of single words."""
    terms = tuple(sorted(weights))
    block = Block("words", terms, tf="binary", scale=np.ones(len(terms)), normalise=False)
    coef = np.array([weights[term] for term in terms], dtype=np.float64).T.copy()
    manifest = Manifest(
        kind="linear",
        labels=LABELS,
        features=FeatureSpec(RECIPES["social-v1"], word_ngrams=(1, 1)),
        calibration=Calibration.none(3),
        uncertainty=Uncertainty(),
        training=Training("linear_svc", sources=sources, scores={"test_f1_score": 0.75}),
        lineage=Lineage(**lineage),
    )
    model = LinearModel(LinearWeights(TextWeights((block,)), coef, np.array([0.0, 0.5, 0.0])))
    write_artifact(folder, manifest, model, [*terms, *terms, *terms][:8])
    return folder


@pytest.fixture
def word_classifier(tmp_path):
    """Make artifacts that know some good, bad and plain words; `skill` is how many of each."""

    def make(
        name: str, skill: int, strength: float = 3.0, sources: tuple[str, ...] = (), **lineage: str
    ) -> Path:
        weights = dict.fromkeys(GOOD[:skill], (0.0, 0.0, strength))
        weights |= dict.fromkeys(BAD[:skill], (strength, 0.0, 0.0))
        weights |= dict.fromkeys(PLAIN[:skill], (0.0, strength, 0.0))
        return write_word_classifier(tmp_path / name, weights, sources, **lineage)

    return make


@pytest.fixture
def labelled_words():
    """300 short texts whose label is the kind of the one word that matters."""
    kinds = {"POSITIVE": GOOD, "NEGATIVE": BAD, "NEUTRAL": PLAIN}
    texts, labels = [], []
    for number in range(100):
        for label, words in kinds.items():
            texts.append(f"item {number} {words[number % len(words)]}")
            labels.append(label)
    return texts, labels
