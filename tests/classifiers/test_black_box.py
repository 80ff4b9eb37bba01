"""What all kinds share whose model only answers, with a model of three rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.black_box import BlackBox, BlackBoxClassifier
from opinionlens.classifiers.linear.general_weights import GeneralWeights
from opinionlens.classifiers.linear.text_reading import Reading
from opinionlens.classifiers.manifest import Manifest, Training
from opinionlens.classifiers.reader_weights import ReaderWeights
from opinionlens.classifiers.uncertainty import UncertainReason, Uncertainty
from opinionlens.features.calibration import Calibration, LengthScaling, Method
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.general import GENERAL_FEATURES
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES

SPEC = FeatureSpec(RECIPES["social-v2"], word_ngrams=(1, 1))
WORDS = ("awful", "film", "good", "so", "the")


class Rules:
    """POSITIVE 2 for each "good", NEGATIVE 2 for each "awful", NEUTRAL always 1."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def decide(self, readings: Sequence[Reading]) -> np.ndarray:
        self.given.append(len(readings))
        return np.array(
            [[2.0 * r.tokens.count("awful"), 1.0, 2.0 * r.tokens.count("good")] for r in readings]
        )


def manifest(**changes: Any) -> Manifest:
    fields = {
        "kind": "rules",
        "labels": LABELS,
        "features": SPEC,
        "calibration": Calibration(Method.TEMPERATURE, (0.5, 0.5, 0.5), (0.0, 0.0, 0.0)),
        "uncertainty": Uncertainty(min_confidence=0.4, min_known_share=0.5, scripts=("latin",)),
        "training": Training("rules"),
    }
    return Manifest(**(fields | changes))


def classifier(
    model: BlackBox | None = None,
    described: Manifest | None = None,
    expert: GeneralWeights | None = None,
    **options: Any,
) -> BlackBoxClassifier:
    described = described or manifest()
    reader = ReaderWeights(WORDS, expert).reader(described)
    return BlackBoxClassifier(described, model or Rules(), reader, **options)


def general(low: float, high: float) -> GeneralWeights:
    """An expert that always says POSITIVE 3, and a gate between two likenesses."""
    coef = np.zeros((3, len(GENERAL_FEATURES)))
    return GeneralWeights(coef, np.array([0.0, 0.0, 3.0]), ["film"], np.array([1.0]), 1e-6, low, high, 0.25)


def test_probabilities_are_the_calibrated_softmax_of_the_decision():
    found = classifier().predict_proba(["good film"])[0]
    powers = np.exp([0.0, 0.5, 1.0])  # half of 0, 1 and 2
    assert found == pytest.approx(powers / powers.sum())


def test_one_text_and_many_get_the_same_answers():
    made = classifier()
    texts = ["good film", "awful", "", "the film"]
    assert made.predict_many(texts) == [made.predict(text) for text in texts]
    assert [answer.label for answer in made.predict_many(texts)[:2]] == ["POSITIVE", "NEGATIVE"]
    assert made.predict("So good").tokens == "so good"


def test_no_texts_are_no_answers():
    assert classifier().predict_many([]) == []
    assert classifier().predict_proba([]).shape == (0, 3)
    assert classifier().decision_values([]).shape == (0, 3)


def test_the_model_is_given_no_more_texts_at_once_than_told():
    rules = Rules()
    classifier(rules, texts_at_once=3).predict_many(["good"] * 7)
    assert rules.given == [3, 3, 1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("good good film", None),
        ("", UncertainReason.EMPTY_TEXT),
        ("das ist ein schlechter film", UncertainReason.FOREIGN_TEXT),
        ("это плохо", UncertainReason.FOREIGN_TEXT),
        ("so so good awful film", UncertainReason.LOW_CONFIDENCE),
    ],
)
def test_an_answer_says_why_it_is_uncertain(text, reason):
    assert classifier().predict(text).reason == reason


def test_long_texts_are_less_certain():
    calibration = replace(manifest().calibration, length=LengthScaling(4.0, 0.5))
    made = classifier(described=manifest(calibration=calibration))
    long = "good film " + " ".join(f"word{number}" for number in range(14))
    powers = np.exp(np.array([0.0, 0.5, 1.0]) * (4 / 16) ** 0.5)
    assert made.predict_proba([long])[0] == pytest.approx(powers / powers.sum())


def test_the_expert_answers_for_texts_unlike_those_of_training():
    made = classifier(described=manifest(general=GENERAL_FEATURES), expert=general(1e6, 1e6 + 1))
    # Nothing is as alike as that: a quarter of the model, and all of the expert.
    assert made.decision_values(["awful film"])[0] == pytest.approx([0.25 * 2, 0.25 * 1, 3.0])
    assert made.explain("awful film").share == 0.0


def test_the_expert_is_silent_for_texts_like_those_of_training():
    made = classifier(described=manifest(general=GENERAL_FEATURES), expert=general(-1e6, -1e6 + 1))
    assert made.decision_values(["awful film"])[0] == pytest.approx([2.0, 1.0, 0.0])
    assert made.explain("awful film").share == 1.0


def test_the_models_own_values_are_without_the_expert():
    made = classifier(described=manifest(general=GENERAL_FEATURES), expert=general(0.0, 1e9), texts_at_once=1)
    assert made.own_decision_values(["good film", "awful"]).tolist() == [[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]
    assert made.decision_values(["good film"]).tolist() != [[0.0, 1.0, 2.0]]


def test_an_explanation_takes_words_out():
    explanation = classifier().explain("A good film")
    assert not explanation.exact
    by_token = {one.text: one.values for one in explanation.by_token()}
    assert by_token["good"] == (0.0, 0.0, 2.0)
    assert by_token["film"] == (0.0, 0.0, 0.0)


def test_an_explanation_asks_as_often_as_told():
    rules = Rules()
    made = classifier(rules, most_stretches=10)
    made.explain("good " * 500)
    # Once for the prediction; the text and ten others for the explanation.
    assert sum(rules.given) == 12


@pytest.mark.parametrize(
    ("names", "expert"), [(GENERAL_FEATURES, None), ((), general(0, 1)), (("other",), general(0, 1))]
)
def test_an_expert_that_does_not_fit_the_manifest_is_refused(names, expert):
    with pytest.raises(ArtifactUnsupported, match="general features"):
        classifier(described=manifest(general=names), expert=expert)


def test_an_expert_for_other_labels_is_refused():
    two = manifest(labels=(LABELS[0], LABELS[2]), calibration=Calibration.none(2), general=GENERAL_FEATURES)
    with pytest.raises(ArtifactUnsupported, match="another number of labels"):
        classifier(described=two, expert=general(0, 1))


@pytest.mark.parametrize("found", [np.zeros((1, 2)), np.zeros((2, 3)), np.array([[0.0, np.nan, 0.0]])])
def test_a_model_that_answers_something_else_is_refused(found):
    class Other:
        def decide(self, readings):
            return found

    made = classifier(Other())
    with pytest.raises(ArtifactUnsupported, match="cannot answer for 3 labels"):
        made.predict("good")
