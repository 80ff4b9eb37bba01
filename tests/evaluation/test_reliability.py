from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinionlens.evaluation.reliability import (
    Binning,
    MinConfidence,
    calibration_error_by_chance,
    choose_min_confidence,
    expected_calibration_error,
    reliability_table,
)


def rows_with(confidences: list[float], right: list[bool]) -> tuple[np.ndarray, np.ndarray]:
    """NEGATIVE wins every row with the given confidence; the truth is NEGATIVE or POSITIVE."""
    confidence = np.array(confidences)
    rest = (1 - confidence) / 2
    return np.where(right, 0, 2), np.column_stack([confidence, rest, rest])


def test_equal_width_by_hand() -> None:
    truth, probabilities = rows_with([0.45, 0.55, 0.55, 0.95], [False, True, False, True])
    table = reliability_table(truth, probabilities, bins=10)
    assert [(row.low, row.high, row.n) for row in table] == [
        (pytest.approx(0.4), pytest.approx(0.5), 1),
        (pytest.approx(0.5), pytest.approx(0.6), 2),
        (pytest.approx(0.9), pytest.approx(1.0), 1),
    ]
    assert [row.accuracy for row in table] == [0.0, 0.5, 1.0]
    assert [row.mean_confidence for row in table] == pytest.approx([0.45, 0.55, 0.95])
    error = expected_calibration_error(truth, probabilities, bins=10)
    assert error == pytest.approx((0.45 + 2 * 0.05 + 0.05) / 4)


def test_equal_mass_by_hand() -> None:
    truth, probabilities = rows_with([0.5, 0.6, 0.8, 0.9], [True, False, True, True])
    table = reliability_table(truth, probabilities, bins=2, binning=Binning.EQUAL_MASS)
    assert [(row.n, row.mean_confidence, row.accuracy) for row in table] == [
        (2, pytest.approx(0.55), 0.5),
        (2, pytest.approx(0.85), 1.0),
    ]
    error = expected_calibration_error(truth, probabilities, bins=2, binning=Binning.EQUAL_MASS)
    assert error == pytest.approx((2 * 0.05 + 2 * 0.15) / 4)


def test_sure_answers_fall_into_the_last_bin() -> None:
    truth, probabilities = rows_with([1.0, 1.0], [True, True])
    for binning in Binning:
        assert expected_calibration_error(truth, probabilities, binning=binning) == 0.0
        assert [row.n for row in reliability_table(truth, probabilities, binning=binning)] == [2]


@given(
    st.lists(st.tuples(st.sampled_from([0.4, 0.5, 0.6, 0.75, 0.99]), st.booleans()), min_size=1, max_size=40),
    st.sampled_from(list(Binning)),
    st.integers(1, 20),
)
def test_tables_hold_every_row_once_whatever_the_order(
    drawn: list[tuple[float, bool]], binning: Binning, bins: int
) -> None:
    truth, probabilities = rows_with([one[0] for one in drawn], [one[1] for one in drawn])
    table = reliability_table(truth, probabilities, bins=bins, binning=binning)
    assert sum(row.n for row in table) == len(drawn)
    assert len(table) <= bins
    assert all(row.low <= row.mean_confidence <= row.high + 1e-12 for row in table)
    backwards = reliability_table(truth[::-1], probabilities[::-1], bins=bins, binning=binning)
    assert [row.n for row in backwards] == [row.n for row in table]
    assert 0.0 <= expected_calibration_error(truth, probabilities, bins=bins, binning=binning) <= 1.0


def test_chance_alone_explains_the_error_of_true_probabilities(rows, softmax) -> None:
    probabilities = softmax(rows.decisions)
    allowance = calibration_error_by_chance(probabilities, seed=1)
    assert expected_calibration_error(rows.codes, probabilities) < allowance < 0.03
    assert expected_calibration_error(rows.codes, softmax(rows.decisions * 2)) > 2 * allowance


def test_chance_explains_more_on_fewer_rows(rows, softmax) -> None:
    probabilities = softmax(rows.decisions)
    few, many = (calibration_error_by_chance(probabilities[:n], seed=1) for n in (300, 6000))
    assert few == pytest.approx(many * np.sqrt(20), rel=0.25)
    assert calibration_error_by_chance(probabilities[:300], seed=1) == few


def test_min_confidence_by_hand() -> None:
    # Below 0.61 one of two is right (error 1/2); below 0.71 two of three (1/3); below 0.41 none of one.
    truth, probabilities = rows_with([0.405, 0.605, 0.705, 0.905], [False, True, True, True])
    assert choose_min_confidence(truth, probabilities) == MinConfidence(0.61, 0.5, 0.5)
    assert choose_min_confidence(truth, probabilities, error_rate=0.3) == MinConfidence(
        0.71, 0.75, pytest.approx(1 / 3)
    )
    assert choose_min_confidence(truth, probabilities, error_rate=0.6) == MinConfidence(0.41, 0.25, 1.0)
    # A limit of a third leaves the threshold that marks a quarter; one of a fifth leaves none.
    assert choose_min_confidence(truth, probabilities, max_marked=1 / 3) == MinConfidence(0.41, 0.25, 1.0)
    assert choose_min_confidence(truth, probabilities, max_marked=0.2) == MinConfidence(0.0, 0.0, None)


def test_nothing_is_marked_where_even_doubtful_answers_are_right() -> None:
    truth, probabilities = rows_with([0.4, 0.5, 0.9], [True, True, True])
    assert choose_min_confidence(truth, probabilities) == MinConfidence(0.0, 0.0, None)


def test_everything_is_marked_where_the_classifier_is_no_better_than_a_coin() -> None:
    truth, probabilities = rows_with([0.4, 0.5, 0.9, 0.99], [True, False, True, False])
    found = choose_min_confidence(truth, probabilities)
    assert (found.threshold, found.marked, found.error_rate) == (1.0, 1.0, 0.5)


def test_with_calibrated_probabilities_the_marked_are_wrong_about_that_often(rows, softmax) -> None:
    probabilities = softmax(rows.decisions)
    found = choose_min_confidence(rows.codes, probabilities, error_rate=0.5)
    below = probabilities.max(axis=1) < found.threshold
    wrong = probabilities.argmax(axis=1) != rows.codes
    assert found.marked == below.mean()
    assert found.error_rate == wrong[below].mean() >= 0.5
    slightly_more = probabilities.max(axis=1) < found.threshold + 0.01
    assert wrong[slightly_more].mean() < 0.5
