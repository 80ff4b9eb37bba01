"""Expected quality: right while probabilities are calibrated, and too high when they are not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from opinionlens.drift.estimated_quality import QualityEstimate, QualitySums
from opinionlens.evaluation.confusion import accuracy, confusion_table, macro_f1


def probabilities(chance: np.random.Generator, texts: int, lean: float = 0.0) -> NDArray[np.float64]:
    logits = chance.normal(size=(texts, 3)) * 1.6 + np.array([lean, 0.0, -lean])
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def drawn(chance: np.random.Generator, shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return true labels that the probabilities are right about."""
    return (chance.random((len(shares), 1)) > shares.cumsum(axis=1)[:, :2]).sum(axis=1)


def estimate(shares: NDArray[np.float64]) -> QualityEstimate:
    sums = QualitySums()
    sums.add(shares)
    found = sums.estimate()
    assert found is not None
    return found


def test_two_answers_by_hand() -> None:
    found = estimate(np.array([[0.8, 0.1, 0.1], [0.3, 0.1, 0.6]]))
    assert found.texts == 2
    assert found.accuracy.value == pytest.approx(0.7)
    # The spread of two coins that fall right with 0.8 and 0.6.
    reach = 1.959964 * (0.8 * 0.2 + 0.6 * 0.4) ** 0.5 / 2
    assert found.accuracy.low == pytest.approx(0.7 - reach)
    assert found.accuracy.high == 1.0
    # Hits over rows and predictions: 2 · 0.8 / (1.1 + 1), 0, 2 · 0.6 / (0.7 + 1).
    assert found.macro_f1.value == pytest.approx((1.6 / 2.1 + 1.2 / 1.7) / 3)


def test_certain_answers_have_no_spread() -> None:
    found = estimate(np.eye(3).repeat(4, axis=0))
    assert found.accuracy == found.macro_f1
    assert (found.accuracy.value, found.accuracy.low, found.accuracy.high) == (1.0, 1.0, 1.0)


def test_without_answers_there_is_none() -> None:
    sums = QualitySums()
    sums.add(np.empty((0, 3)))
    assert sums.estimate() is None


def test_pieces_are_the_whole() -> None:
    shares = probabilities(np.random.default_rng(1), 1_000)
    sums = QualitySums()
    for start in range(0, 1_000, 300):
        sums.add(shares[start : start + 300])
    whole, pieced = estimate(shares), sums.estimate()
    assert pieced is not None
    assert pieced.macro_f1.value == pytest.approx(whole.macro_f1.value)
    assert pieced.macro_f1.low == pytest.approx(whole.macro_f1.low)
    assert sums.strata.sum() == 1_000


@pytest.mark.parametrize("lean", [0.0, 1.2], ids=["balanced", "other shares of labels"])
def test_intervals_hold_what_they_promise_while_probabilities_are_calibrated(lean: float) -> None:
    chance = np.random.default_rng(7)
    inside = np.zeros(2, dtype=int)
    for _ in range(400):
        shares = probabilities(chance, 500, lean)
        table = confusion_table(drawn(chance, shares), shares.argmax(axis=1))
        found = estimate(shares)
        for place, (interval, score) in enumerate(((found.accuracy, accuracy), (found.macro_f1, macro_f1))):
            inside[place] += interval.low <= float(score(table)) <= interval.high
    # The 99.9 % interval of 400 throws at 0.95.
    assert ((inside >= 365) & (inside <= 393)).all(), inside


def test_a_model_that_is_too_sure_is_overrated() -> None:
    chance = np.random.default_rng(3)
    shares = probabilities(chance, 5_000)
    truth = drawn(chance, shares)
    sharpened = shares**3 / (shares**3).sum(axis=1, keepdims=True)
    right = float((truth == shares.argmax(axis=1)).mean())
    assert estimate(shares).accuracy.low < right < estimate(shares).accuracy.high
    assert estimate(sharpened).accuracy.low > right + 0.1
