"""Fitting the general expert and the words of its gate."""

from __future__ import annotations

import numpy as np
import pytest

from opinionlens.families.general_fit import count_domain_words, fit_expert, gate_bounds
from opinionlens.text.general import GENERAL_FEATURES, general_values
from opinionlens.text.recipe import RECIPES

TEXTS = ["I love it", "great food", "awful service", "I hate it", "the bus is at nine", "we are here"]
CODES = np.array([2, 2, 0, 0, 1, 1])


def values_of(texts: list[str]) -> np.ndarray:
    return np.array([general_values(text, RECIPES["social-v2"].pieces(text)) for text in texts])


def test_it_learns_what_the_lists_say_and_nothing_of_frequencies() -> None:
    # Nine of ten rows are complaints: classes that count alike leave a plain text neutral all the same.
    rows = np.concatenate([np.arange(6), np.repeat([2, 3], 27)])
    expert = fit_expert(values_of(TEXTS)[rows], CODES[rows], scale=1.0)
    found = expert.decision_values(values_of(["this is lovely", "a horrible day", "it is on the table"]))
    assert found.argmax(axis=1).tolist() == [2, 0, 1]


def test_its_decision_values_are_on_the_scale_of_the_domain_model() -> None:
    one, four = (fit_expert(values_of(TEXTS), CODES, scale=scale) for scale in (1.0, 4.0))
    np.testing.assert_allclose(four.coef * 4, one.coef)
    np.testing.assert_allclose(four.intercept * 4, one.intercept)


def test_two_classes_have_opposite_rows() -> None:
    expert = fit_expert(values_of(TEXTS[:4]), np.array([1, 1, 0, 0]), scale=1.0)
    assert expert.coef.shape == (2, len(GENERAL_FEATURES))
    np.testing.assert_allclose(expert.coef[0], -expert.coef[1])
    assert expert.decision_values(values_of(["love it"]))[0].argmax() == 1


def test_words_are_counted_with_how_much_they_belong_to_the_texts() -> None:
    words = count_domain_words([["<user>", "the", "once", "!"], ["<user>", "the", "again"]])
    assert words.terms == ("<user>", "the")  # one use is none, marks are no words
    assert words.unseen == pytest.approx(0.5 / 6)
    assert words.likeness[0] == 8.0
    # (2 + 0.5) of 6 words, where English at large has 5.4 of a hundred
    assert words.likeness[1] == pytest.approx(np.log(2.5 / 6 / 0.0537), abs=0.01)


def test_the_gate_is_open_for_four_of_five_texts_of_the_domain() -> None:
    low, high = gate_bounds(np.arange(1001, dtype=float))
    assert (low, high) == pytest.approx((1.0, 200.0))


def test_texts_that_are_all_alike_still_have_a_gate() -> None:
    low, high = gate_bounds(np.ones(5))
    assert low < high
