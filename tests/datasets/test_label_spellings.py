"""What labels mean that nobody has explained."""

import pytest

from opinionlens.base.errors import InputError
from opinionlens.datasets.label_spellings import spelt_labels, told_labels
from opinionlens.text.labels import Label

NEGATIVE, NEUTRAL, POSITIVE = Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE


@pytest.mark.parametrize(
    ("written", "negative", "neutral", "positive"),
    [
        ("negative neutral positive", "negative", "neutral", "positive"),
        ("neg neu pos", "neg", "neu", "pos"),
        ("0 1", "0", "", "1"),
        ("1 2", "1", "", "2"),
        ("-1 0 1", "-1", "0", "1"),
        ("0 1 2", "0", "1", "2"),
        ("0 2 4", "0", "2", "4"),
        ("0 4", "0", "", "4"),
        ("1 2 3 4 5", "1 2", "3", "4 5"),
        ("1 3 5", "1", "3", "5"),
        ("0 1 2 3 4", "0 1", "2", "3 4"),
        ("1 4 5 6 7 10", "1 4", "5 6", "7 10"),
        ("label_0 label_1 label_2", "label_0", "label_1", "label_2"),
        ("__label__1 __label__2", "__label__1", "", "__label__2"),
        ("__label__negative __label__positive", "__label__negative", "", "__label__positive"),
    ],
)
def test_usual_spellings(written, negative, neutral, positive):
    expected = dict.fromkeys(negative.split(), NEGATIVE)
    expected |= dict.fromkeys(neutral.split(), NEUTRAL)
    expected |= dict.fromkeys(positive.split(), POSITIVE)
    assert spelt_labels(written.split(), {}) == expected


def test_words_in_front_and_behind():
    keys = ["very negative", "extremely_positive", "somewhat-negative", "1 star", "3 stars", "5 stars"]
    assert list(spelt_labels(keys, {}).values()) == [
        NEGATIVE,
        POSITIVE,
        NEGATIVE,
        NEGATIVE,
        NEUTRAL,
        POSITIVE,
    ]


def test_what_is_not_understood_is_absent():
    assert spelt_labels(["negative", "sarcastic", "99"], {}) == {"negative": NEGATIVE}


def test_what_is_told_goes_before_what_is_guessed():
    told = told_labels(["0 = positive", "Mixed=skip", "a=b=neg"])
    assert told == {"0": POSITIVE, "mixed": None, "a=b": NEGATIVE}
    # Without the 0 the others are the scale of two.
    assert spelt_labels(["0", "1", "2", "mixed"], told) == {
        "0": POSITIVE,
        "1": NEGATIVE,
        "2": POSITIVE,
        "mixed": None,
    }


@pytest.mark.parametrize("option", ["bad", "=NEGATIVE", "bad=awful", ""])
def test_a_wrong_explanation_is_refused_with_an_example(option):
    with pytest.raises(InputError, match="does not say what a label means") as caught:
        told_labels([option])
    assert "bad=NEGATIVE" in str(caught.value.remedy)
