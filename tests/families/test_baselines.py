import numpy as np
import pytest

from opinionlens.families.baselines import BASELINES
from opinionlens.text.labels import LABELS, Label

TEXTS = ["I love it, thanks!", "worst flight, awful and rude", "the gate is B7", "the bags are here"]
LABELS_OF = ["POSITIVE", "NEGATIVE", "NEUTRAL", "NEUTRAL"]
UNSEEN = ["great service", "horrible delay, I hate this", "we land on monday", ""]

every_baseline = pytest.mark.parametrize("name", BASELINES)


def verdicts(name, labels=LABELS_OF, texts=UNSEEN, seed=1):
    fitted = BASELINES[name](seed).fit(TEXTS, labels)
    return [fitted.classes[column] for column in fitted.predict_proba(texts).argmax(axis=1)]


@every_baseline
def test_rows_are_distributions_over_the_labels_met(name):
    fitted = BASELINES[name](3).fit(TEXTS, LABELS_OF)
    probabilities = fitted.predict_proba(UNSEEN)
    assert fitted.classes == LABELS
    assert probabilities.shape == (4, 3)
    assert (probabilities > 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@every_baseline
def test_a_label_that_is_missing_has_no_column(name):
    labels = ["POSITIVE", "NEGATIVE", "POSITIVE", "POSITIVE"]
    fitted = BASELINES[name](3).fit(TEXTS, labels)
    assert fitted.classes == (Label.NEGATIVE, Label.POSITIVE)
    assert fitted.predict_proba(UNSEEN).shape == (4, 2)


@every_baseline
def test_same_seed_same_answers(name):
    answers = [BASELINES[name](5).fit(TEXTS, LABELS_OF).predict_proba(UNSEEN) for _ in range(2)]
    np.testing.assert_array_equal(answers[0], answers[1])


def test_zero_rule_gives_the_shares_of_the_labels():
    fitted = BASELINES["zero_rule"](1).fit(TEXTS, LABELS_OF)
    assert fitted.predict_proba(["x"]).tolist() == [[0.25, 0.5, 0.25]]


def test_another_seed_guesses_otherwise():
    texts = ["x"] * 50
    assert verdicts("random", texts=texts, seed=1) != verdicts("random", texts=texts, seed=2)
    assert set(verdicts("random", texts=texts)) == set(LABELS)


@pytest.mark.parametrize("name", ["heuristic", "vader"])
def test_rules_read_the_mood(name):
    assert verdicts(name) == ["POSITIVE", "NEGATIVE", "NEUTRAL", "NEUTRAL"]


@pytest.mark.parametrize("name", ["heuristic", "vader"])
def test_without_a_neutral_label_no_mood_means_the_most_common(name):
    labels = ["POSITIVE", "NEGATIVE", "NEGATIVE", "NEGATIVE"]
    assert verdicts(name, labels) == ["POSITIVE", "NEGATIVE", "NEGATIVE", "NEGATIVE"]


def test_a_rule_is_as_sure_as_it_was_right():
    labels = ["POSITIVE", "NEGATIVE", "NEUTRAL", "POSITIVE"]  # the last against its words
    fitted = BASELINES["heuristic"](1).fit(TEXTS, labels)
    np.testing.assert_allclose(fitted.predict_proba(["great"]), [[0.125, 0.125, 0.75]])


def test_vader_calls_a_faint_mood_neutral_up_to_its_threshold():
    from opinionlens.families.baselines import ByRule

    fitted = ByRule(float, 0.05).fit(["0.9", "-0.9", "0"], ["POSITIVE", "NEGATIVE", "NEUTRAL"])
    assert [fitted.label_of(text) for text in ("0.05", "0.049", "-0.05", "-0.049")] == [
        "POSITIVE",
        "NEUTRAL",
        "NEGATIVE",
        "NEUTRAL",
    ]
