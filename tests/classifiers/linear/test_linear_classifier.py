from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opinionlens.classifiers.linear.linear_classifier import LinearClassifier
from opinionlens.classifiers.linear.weights import Block, LinearWeights, TextWeights
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.uncertainty import Familiarity, UncertainReason, Uncertainty
from opinionlens.features.calibration import Calibration, LengthScaling, Method
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.labels import LABELS, Label
from opinionlens.text.lexicon import LEXICON_FEATURES, lexicon_values
from opinionlens.text.recipe import RECIPES, Recipe

LongWay = Callable[[FeatureSpec, LinearWeights, str], list[float]]
SPECS = {
    "words": FeatureSpec(RECIPES["plain-v1"], (1, 1)),
    "bigrams": FeatureSpec(RECIPES["social-v1"], (2, 3)),
    "chars": FeatureSpec(RECIPES["social-v1"], None, (2, 5)),
    "lexicon": FeatureSpec(RECIPES["social-v1"], None, None, lexicon=True),
    "negation": FeatureSpec(Recipe("social-v1", negation_scope=True), (1, 2), (3, 3)),
    "opinions": FeatureSpec(RECIPES["social-v2"], (1, 1), None, opinions=True),
    "all": FeatureSpec(RECIPES["social-v1"], (1, 2), (2, 4), lexicon=True, opinions=True),
}
# Made of what the vocabularies were made of, and of what was never seen.
pieces = st.sampled_from(
    (
        "great",
        "delayed",
        "crew",
        "the",
        "never",
        "not",
        "SEAT",
        "zzz",
        "!!!",
        ":)",
        "❤️",
        "&amp;",
        ",",
        "@united",
        "#fail",
    )
)
written = st.one_of(st.lists(pieces, max_size=30).map(" ".join), st.text(max_size=60))


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("tf", ["count", "binary", "log"])
@pytest.mark.parametrize("name", SPECS)
def test_decision_values_are_those_of_the_definition(
    name: str,
    tf: str,
    normalise: bool,
    texts: Sequence[str],
    long_way: LongWay,
    make_weights: Callable[..., LinearWeights],
    make_manifest: Callable[..., Manifest],
) -> None:
    spec = SPECS[name]
    weights = make_weights(spec, tf=tf, normalise=normalise, labels=3)
    values = LinearClassifier(make_manifest(spec), weights).decision_values(texts)
    expected = [long_way(spec, weights, text) for text in texts]
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-9)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(written, max_size=6))
def test_one_text_many_texts_and_the_definition_agree(
    texts: list[str],
    spec: FeatureSpec,
    weights: LinearWeights,
    manifest: Manifest,
    classifier: LinearClassifier,
    long_way: LongWay,
) -> None:
    many = classifier.predict_many(texts)
    assert [prediction.label for prediction in many] == [classifier.predict(text).label for text in texts]
    for text, prediction, row in zip(texts, many, classifier.predict_proba(texts).tolist(), strict=True):
        calibrated = zip(
            long_way(spec, weights, text), manifest.calibration.scale, manifest.calibration.bias, strict=True
        )
        logits = [value * scale + bias for value, scale, bias in calibrated]
        powers = [math.exp(logit - max(logits)) for logit in logits]
        expected = [power / sum(powers) for power in powers]
        assert prediction.probabilities == pytest.approx(expected, abs=1e-9)
        assert row == pytest.approx(expected, abs=1e-9)
        assert classifier.predict(text).probabilities == pytest.approx(expected, abs=1e-9)
        assert math.isclose(sum(row), 1.0)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=written)
def test_contributions_add_up_by_feature_and_by_token(text: str, classifier: LinearClassifier) -> None:
    explanation = classifier.explain(text)
    decision = classifier.decision_values([text])[0]
    for parts in (explanation.contributions, explanation.by_token()):
        total = np.array(explanation.bias) + sum((np.array(part.values) for part in parts), np.zeros(3))
        np.testing.assert_allclose(total, decision, rtol=0, atol=1e-9)
    assert explanation.decision == tuple(decision)
    assert explanation.prediction == classifier.predict(text)


def test_a_feature_lists_every_place_in_the_original_text(make_manifest: Callable[..., Manifest]) -> None:
    terms = ["delayed", "delayed delayed"]
    block = Block("words", terms, "log", np.array([1.0, 2.0]), normalise=False)
    weights = LinearWeights(TextWeights((block,)), np.array([[3.0, 5.0]] * 3), np.zeros(3))
    classifier = LinearClassifier(make_manifest(FeatureSpec(RECIPES["plain-v1"], (1, 2))), weights)
    one, two = classifier.explain("❤️ Delayed &quot;delayed DELAYED").contributions
    assert (one.feature, one.block, one.spans) == ("delayed", "words", ((3, 10), (17, 24), (25, 32)))
    assert one.values == pytest.approx([3 * (1 + math.log(3))] * 3)
    assert (two.feature, two.spans) == ("delayed delayed", ((3, 24), (17, 32)))
    assert two.values == pytest.approx([5 * 2 * (1 + math.log(2))] * 3)
    np.testing.assert_allclose(two.values_by_place(), [[5 * (1 + math.log(2))] * 3] * 2)


def test_a_bigram_is_split_evenly_over_its_tokens(make_manifest: Callable[..., Manifest]) -> None:

    spec = FeatureSpec(RECIPES["social-v1"], (2, 2))
    text = TextWeights((Block("words", ["not good"], "count", np.array([1.0]), normalise=False),))
    weights = LinearWeights(text, np.array([[4.0], [0.0], [-6.0]]), np.array([0.5, 0.0, 0.0]))
    explanation = LinearClassifier(make_manifest(spec), weights).explain("so not good today")
    assert explanation.decision == (4.5, 0.0, -6.0)
    assert [(part.text, part.values) for part in explanation.by_token()] == [
        ("so", (0.0, 0.0, 0.0)),
        ("not", (2.0, 0.0, -3.0)),
        ("good", (2.0, 0.0, -3.0)),
        ("today", (0.0, 0.0, 0.0)),
    ]


def test_what_only_the_lexicon_sees_is_a_stretch_of_its_own(make_manifest: Callable[..., Manifest]) -> None:

    spec = FeatureSpec(RECIPES["plain-v1"], None, None, lexicon=True)
    ones = np.ones(len(LEXICON_FEATURES))
    text = TextWeights((Block("lexicon", LEXICON_FEATURES, "count", ones, normalise=False),))
    coef = np.zeros((3, len(ones)))
    coef[2, LEXICON_FEATURES.index("exclamation_marks")] = 0.5
    weights = LinearWeights(text, coef, np.zeros(3))
    parts = LinearClassifier(make_manifest(spec), weights).explain("Go team!").by_token()
    value = lexicon_values(spec.recipe.pieces("Go team!"))[LEXICON_FEATURES.index("exclamation_marks")]
    assert value > 0
    assert [(part.text, part.values[2]) for part in parts] == [("Go", 0.0), ("team", 0.0), ("!", 0.5 * value)]


def test_a_class_that_the_model_lacks_gets_zero(
    make_weights: Callable[..., LinearWeights], make_manifest: Callable[..., Manifest], texts: Sequence[str]
) -> None:
    spec = SPECS["words"]
    weights = make_weights(spec, tf="count", normalise=True, labels=2)
    classifier = LinearClassifier(make_manifest(spec, labels=2), weights)
    for text, (negative, positive) in zip(texts, classifier.predict_proba(texts), strict=True):
        prediction = classifier.predict(text)
        assert prediction.probabilities == pytest.approx((negative, 0.0, positive))
        assert prediction.label in (Label.NEGATIVE, Label.POSITIVE)
        assert prediction.confidence == max(prediction.probabilities)


def test_no_texts_give_no_answers(classifier: LinearClassifier) -> None:
    assert classifier.predict_many([]) == []
    assert classifier.predict_proba([]).shape == (0, 3)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", UncertainReason.EMPTY_TEXT),
        (" \n\t​", UncertainReason.EMPTY_TEXT),
        ("¿Dónde está mi maleta perdida, por favor?", UncertainReason.FOREIGN_TEXT),
        ("Danke schön 123 !!! 😀 😀", UncertainReason.FOREIGN_TEXT),
        ("123 !!! 😀 😀", None),
        ("rotten crew", None),
        ("Ужасный телефон", UncertainReason.FOREIGN_TEXT),
        ("服务太差了，再也不会买了", UncertainReason.FOREIGN_TEXT),
        ("new crew は最悪です", UncertainReason.FOREIGN_TEXT),
        ("Новый great crew ужасен совершенно", UncertainReason.FOREIGN_TEXT),
        ("\u3164 \u2800", UncertainReason.EMPTY_TEXT),
        ("the crew was great", None),
        ("the crew was rotten", None),
        ("the rotten rotten rotten", UncertainReason.FOREIGN_TEXT),
    ],
)
def test_uncertain_says_why(
    text: str, reason: UncertainReason | None, make_manifest: Callable[..., Manifest]
) -> None:

    spec = FeatureSpec(RECIPES["social-v1"], (1, 1))
    terms = ["crew", "great", "the", "was"]
    text_weights = TextWeights((Block("words", terms, "count", np.ones(4), normalise=False),))
    weights = LinearWeights(text_weights, np.zeros((3, 4)), np.array([0.0, 0.0, 5.0]))
    uncertainty = Uncertainty(min_confidence=0.5, min_known_share=0.5, min_words=4, scripts=("latin",))
    manifest = make_manifest(spec, uncertainty=uncertainty, calibration=Calibration.none(3))
    classifier = LinearClassifier(manifest, weights)
    for prediction in (classifier.predict(text), *classifier.predict_many([text])):
        assert prediction.reason is reason
        assert prediction.uncertain is (reason is not None)


def test_low_confidence_is_the_last_reason() -> None:
    uncertainty = Uncertainty(min_confidence=0.5, min_known_share=0.5, min_words=2)
    assert uncertainty.reason(0.4, 3, Familiarity(3, 3)) is UncertainReason.LOW_CONFIDENCE
    assert uncertainty.reason(0.4, 3, Familiarity(3, 1)) is UncertainReason.FOREIGN_TEXT
    assert uncertainty.reason(0.4, 0, Familiarity()) is UncertainReason.EMPTY_TEXT
    assert uncertainty.reason(0.5, 2, Familiarity(2, 1)) is None


@pytest.mark.parametrize(
    ("familiarity", "is_foreign"),
    [
        (Familiarity(1, 0), True),
        (Familiarity(3, 1), False),
        (Familiarity(4, 1), True),
        (Familiarity(4, 2), False),
        (Familiarity(0, 0), False),
        (Familiarity(3, 3, in_other_script=True), True),
    ],
)
def test_foreign_is_what_is_unknown_or_in_another_script(familiarity: Familiarity, is_foreign: bool) -> None:
    reason = Uncertainty(min_known_share=0.5, min_words=4).reason(0.9, 4, familiarity)
    assert (reason is UncertainReason.FOREIGN_TEXT) is is_foreign
    assert Uncertainty(min_known_share=0.0).reason(0.9, 4, familiarity) is None


def test_equal_probabilities_go_to_the_first_class(
    make_weights: Callable[..., LinearWeights], make_manifest: Callable[..., Manifest]
) -> None:
    weights = make_weights(SPECS["words"], tf="count", normalise=True, labels=3)
    level = LinearWeights(weights.text, np.zeros_like(weights.coef), np.zeros(3))
    manifest = make_manifest(SPECS["words"], calibration=Calibration.none(3))
    assert LinearClassifier(manifest, level).predict("great").label is LABELS[0]


def test_long_batches_are_cut_without_a_trace(classifier: LinearClassifier, texts: Sequence[str]) -> None:
    many = list(texts) * 600
    together = classifier.predict_proba(many)
    np.testing.assert_allclose(
        together, np.tile(classifier.predict_proba(texts), (600, 1)), rtol=0, atol=1e-12
    )


def test_threads_get_the_answers_of_one(classifier: LinearClassifier, texts: Sequence[str]) -> None:
    many = [f"{text} {number}" for number in range(50) for text in texts]
    alone = [classifier.predict(text) for text in many]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(classifier.predict, many)) == alone


@pytest.mark.parametrize("name", SPECS)
def test_it_is_freed_at_once_without_the_garbage_collector(
    name: str,
    texts: Sequence[str],
    make_weights: Callable[..., LinearWeights],
    make_manifest: Callable[..., Manifest],
) -> None:
    """Full collections of a server are hours apart, and a replaced model has a hundred megabytes."""
    weights = make_weights(SPECS[name], tf="log", normalise=True, labels=3)
    classifier = LinearClassifier(make_manifest(SPECS[name]), weights)
    classifier.predict_many(texts)
    classifier.predict(texts[0])
    classifier.explain(texts[0])
    parts = [classifier, classifier.reader, *classifier.terms.values()]
    if rows := classifier.reader.words or classifier.reader.chars:
        parts.append(rows)
    gone = [weakref.ref(part) for part in parts]
    gc.disable()
    try:
        del classifier, parts, rows
        assert [one() for one in gone] == [None] * len(gone)
    finally:
        gc.enable()


def test_memory_of_words_met_is_bounded(
    manifest: Manifest, weights: LinearWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opinionlens.classifiers.linear.term_rows._CACHED_WORDS", 10)
    classifier = LinearClassifier(manifest, weights)
    assert classifier.reader.chars is not None
    for number in range(100):
        classifier.predict(f"word{number} and {'x' * 50}{number}")
        assert len(classifier.reader.chars._met) <= 10
    assert not any(len(word) > 40 for word in classifier.reader.chars._met)


@pytest.mark.parametrize("name", ["words", "all"])
def test_long_texts_are_less_certain_in_all_ways_alike(
    name: str, make_weights: Callable[..., LinearWeights], make_manifest: Callable[..., Manifest]
) -> None:
    calibration = Calibration(Method.VECTOR, (0.9, 1.1, 1.3), (0.1, -0.2, 0.3), LengthScaling(10, 0.5))
    weights = make_weights(SPECS[name], tf="binary", normalise=True, labels=3)
    classifier = LinearClassifier(make_manifest(SPECS[name], calibration=calibration), weights)
    texts = ["the crew was great", " ".join(f"crew{number} great{number}" for number in range(20))]
    decisions = classifier.decision_values(texts)
    logits = (decisions * [0.9, 1.1, 1.3] + [0.1, -0.2, 0.3]) * np.array([[1.0], [0.5]])  # of 4 and 40 tokens
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(classifier.predict_proba(texts), expected, rtol=0, atol=1e-12)
    for text, row, many in zip(texts, expected.tolist(), classifier.predict_many(texts), strict=True):
        assert many.probabilities == pytest.approx(row, abs=1e-12)
        assert classifier.predict(text).probabilities == pytest.approx(row, abs=1e-12)
        assert classifier.explain(text).prediction == classifier.predict(text)


def test_a_sentence_said_sixty_times_is_hardly_surer_than_said_three_times(
    make_weights: Callable[..., LinearWeights], make_manifest: Callable[..., Manifest]
) -> None:
    spec = FeatureSpec(RECIPES["social-v2"], (1, 1), None, lexicon=True)
    weights = make_weights(spec, tf="binary", normalise=True, labels=3)
    classifier = LinearClassifier(make_manifest(spec, calibration=Calibration.none(3)), weights)
    sentence = "I guess the crew is fine, could be better. "
    thrice, sixty = classifier.decision_values([sentence * 3, sentence * 60])
    np.testing.assert_allclose(thrice, sixty, rtol=0, atol=0.05)
