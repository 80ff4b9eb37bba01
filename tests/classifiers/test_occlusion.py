"""Taking words out, and asking a model each time: worked out by hand for a model of three rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from opinionlens.classifiers.occlusion import explain_by_occlusion, stretches
from opinionlens.classifiers.prediction import Prediction
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES, Token

TOKENIZE = RECIPES["plain-v1"].tokenize


def decide(texts: Sequence[str]) -> np.ndarray:
    """NEGATIVE 3 for "not good" together, POSITIVE 2 for "good", NEUTRAL always 1."""
    rows = [
        [3.0 if "not" in words and "good" in words else 0.0, 1.0, 2.0 if "good" in words else 0.0]
        for words in (text.split() for text in texts)
    ]
    return np.array(rows)


def explained(text: str, **options: object):
    prediction = Prediction.of(LABELS, (0.5, 0.3, 0.2), None)
    return explain_by_occlusion(text, TOKENIZE(text), decide, prediction, LABELS, **options)


def test_a_contribution_is_the_change_that_the_removal_makes():
    explanation = explained("not so good")
    assert [one.feature for one in explanation.contributions] == ["not", "so", "good"]
    assert [one.values for one in explanation.contributions] == [(3, 0, 0), (0, 0, 0), (3, 0, 2)]
    assert explanation.decision == (3, 1, 2)


def test_the_bias_is_what_the_changes_leave():
    """Both words are needed for NEGATIVE, so their changes together are twice of what there is."""
    explanation = explained("not so good")
    assert explanation.bias == (-3, 1, 0)
    total = np.array(explanation.bias) + sum(np.array(one.values) for one in explanation.by_token())
    assert tuple(total) == explanation.decision


def test_it_says_that_it_is_not_exact_and_how_familiar_the_text_is():
    explanation = explained("good", share=0.25)
    assert (explanation.exact, explanation.share) == (False, 0.25)
    assert explanation.prediction.confidence == 0.5


def test_places_are_those_of_the_text_as_it_was_written():
    explanation = explained("  <b>GOOD</b> …")
    assert [one.spans for one in explanation.contributions] == [((5, 9),)]


@pytest.mark.parametrize("text", ["", " \n ", "..."])
def test_a_text_without_tokens_is_all_bias(text):
    explanation = explained(text)
    assert (explanation.contributions, explanation.bias) == ((), (0, 1, 0))


def test_no_text_asks_more_often_than_was_allowed():
    asked = []

    def count(texts: Sequence[str]) -> np.ndarray:
        asked.extend(texts)
        return decide(texts)

    text = "good " * 1_000
    explain_by_occlusion(text, TOKENIZE(text), count, Prediction.of(LABELS, (0.5, 0.3, 0.2), None), LABELS)
    assert len(asked) == 101


def places(count: int) -> list[Token]:
    return [Token("a", 2 * number, 2 * number + 1) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [
        (0, 3, []),
        (3, 3, [(0, 1), (2, 3), (4, 5)]),
        (4, 3, [(0, 3), (4, 7)]),
        (7, 3, [(0, 5), (6, 11), (12, 13)]),
    ],
)
def test_runs_are_equally_long_but_for_the_last(count, most, expected):
    assert stretches(places(count), most) == expected
