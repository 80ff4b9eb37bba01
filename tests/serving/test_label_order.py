"""A version trained with its labels in another order answers as the same one in the usual order."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.linear.linear_classifier import LinearModel
from opinionlens.classifiers.linear.weights import Block, LinearWeights, TextWeights
from opinionlens.classifiers.manifest import Manifest, Training
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.features.calibration import Calibration, Method
from opinionlens.features.spec import FeatureSpec
from opinionlens.registry import MemoryRegistry
from opinionlens.serving.store import ModelStore
from opinionlens.text.labels import LABELS, Label
from opinionlens.text.recipe import RECIPES

TERMS = ("awful", "great", "tuesday")
COEF = {
    Label.NEGATIVE: (2.0, -1.0, 0.1),
    Label.NEUTRAL: (0.0, 0.2, 1.5),
    Label.POSITIVE: (-1.0, 3.0, 0.0),
}
SCALE = {Label.NEGATIVE: 1.1, Label.NEUTRAL: 0.9, Label.POSITIVE: 1.3}
TEXTS = ("great", "awful", "a tuesday", "great awful great", "")
TWO = (Label.NEGATIVE, Label.POSITIVE)


def register(registry: MemoryRegistry, folder: Path, labels: tuple[Label, ...]) -> str:
    block = Block("words", TERMS, tf="count", scale=np.ones(len(TERMS)), normalise=False)
    manifest = Manifest(
        kind="linear",
        labels=labels,
        features=FeatureSpec(RECIPES["plain-v1"], word_ngrams=(1, 1)),
        calibration=Calibration(Method.VECTOR, tuple(SCALE[label] for label in labels), (0.0,) * len(labels)),
        uncertainty=Uncertainty(),
        training=Training("by hand"),
    )
    coef = np.array([COEF[label] for label in labels])
    model = LinearModel(LinearWeights(TextWeights((block,)), coef, np.zeros(len(labels))))
    digest = write_artifact(folder, manifest, model, [*TERMS, *TERMS, "x", "y"]).digest()
    registry.register("brand", folder, digest=digest, run_id=None, tags={}, scores={})
    return digest


@pytest.mark.parametrize("order", [*permutations(LABELS), *permutations(TWO)])
def test_the_order_of_the_labels_changes_no_answer(
    order: tuple[Label, ...], store: ModelStore, registry: MemoryRegistry, tmp_path: Path
) -> None:
    usual_order = tuple(label for label in LABELS if label in order)
    loaded = []
    for labels in (usual_order, order):
        digest = register(registry, tmp_path / "made", labels)
        version = next(each for each in registry.versions("brand") if each.digest == digest)
        loaded.append(store.load(version, registry).classifier)
    usual, other = loaded
    assert other.labels == order
    for text, many in zip(TEXTS, other.predict_many(TEXTS), strict=True):
        expected, answer = usual.predict(text), other.predict(text)
        assert answer.label == many.label == expected.label
        assert answer.probabilities == pytest.approx(expected.probabilities, abs=1e-12)
        assert many.probabilities == pytest.approx(expected.probabilities, abs=1e-12)
        explained = other.explain(text)
        assert explained.prediction.label == expected.label
        decision = dict(zip(explained.labels, explained.decision, strict=True))
        reference = usual.explain(text)
        assert decision == pytest.approx(dict(zip(reference.labels, reference.decision, strict=True)))
