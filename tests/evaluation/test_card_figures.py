"""The figures of a card, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from opinionlens.evaluation.card_figures import card_figures

NEGATIVE, NEUTRAL, POSITIVE = range(3)
TRUTH = np.array([NEGATIVE, NEUTRAL, POSITIVE, POSITIVE])
# Right, wrong, right, wrong; the second is marked.
PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.62, 0.28, 0.1], [0.1, 0.2, 0.7], [0.52, 0.38, 0.1]])
MARKED = [False, True, False, False]
COMPOUNDS = [-0.5, 0.0, 0.5, 0.5]


def figures(truth, probabilities, marked, compounds, *, resamples=200):
    return card_figures(truth, probabilities, marked, compounds, seed=1, resamples=resamples)


def test_every_figure_of_four_rows() -> None:
    found = figures(TRUTH, PROBABILITIES, MARKED, COMPOUNDS)
    assert found["n"] == 4
    assert found["accuracy"] == 0.5
    assert found["accuracy_low"] < 0.5 < found["accuracy_high"]
    # Negative: 1 of 3 answers and of 1 row, F1 1/2; neutral 0; positive: 1 of 1 answer and of 2 rows, 2/3.
    assert found["macro_f1"] == pytest.approx((1 / 2 + 0 + 2 / 3) / 3)
    assert found["macro_f1_low"] <= found["macro_f1"] <= found["macro_f1_high"]
    # Confidence .7 is right twice, .62 and .52 are wrong once each.
    assert found["ece"] == pytest.approx((2 * 0.3 + 0.62 + 0.52) / 4)
    assert found["uncertain"] == 0.25
    assert found["error_when_sure"] == pytest.approx(1 / 3)
    assert found["vader_macro_f1"] == 1.0


def test_without_neutral_texts_the_sign_decides_for_both() -> None:
    truth = np.array([NEGATIVE, POSITIVE, POSITIVE])
    probabilities = np.array([[0.2, 0.7, 0.1], [0.1, 0.7, 0.2], [0.1, 0.2, 0.7]])
    # A compound of 0 is taken for the commonest class.
    found = figures(truth, probabilities, [False] * 3, [-0.01, 0.0, 0.2])
    assert (found["accuracy"], found["macro_f1"], found["vader_macro_f1"]) == (1.0, 1.0, 1.0)
    # 2 of 3 to 1 of 3 twice, and 7 of 8 to 1 of 8
    assert found["ece"] == pytest.approx((2 * (1 - 2 / 3) + (1 - 7 / 8)) / 3)


def test_where_every_answer_is_marked_none_is_sure() -> None:
    assert figures(TRUTH, PROBABILITIES, [True] * 4, COMPOUNDS)["error_when_sure"] is None


def test_the_seed_decides_the_interval() -> None:
    truth, probabilities = np.tile(TRUTH, 10), np.tile(PROBABILITIES, (10, 1))
    one, two = (
        card_figures(truth, probabilities, MARKED * 10, COMPOUNDS * 10, seed=5, resamples=100)
        for _ in range(2)
    )
    assert one == two


def test_other_rows_beside_the_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="rows"):
        figures(TRUTH, PROBABILITIES, MARKED, COMPOUNDS[:3])
