from __future__ import annotations

import numpy as np
import pytest

from opinionlens.evaluation.codes import in_label_order, label_codes, rows_that_match
from opinionlens.text.labels import LABELS, Label


def test_labels_and_their_values_become_positions() -> None:
    assert label_codes([Label.POSITIVE, "NEGATIVE", "NEUTRAL"]).tolist() == [2, 0, 1]


def test_codes_pass_through() -> None:
    assert label_codes(np.array([2, 0], dtype=np.int8)).tolist() == [2, 0]


@pytest.mark.parametrize("wrong", [["positive"], ["NEGATIVE", "MIXED"], [None]])
def test_an_unknown_label_is_refused_by_name(wrong: list[str]) -> None:
    with pytest.raises(ValueError, match=str(wrong[-1])):
        label_codes(wrong)


@pytest.mark.parametrize("wrong", [np.array([3]), np.array([-1]), np.array([[1]]), np.array([], dtype=int)])
def test_codes_out_of_range_or_shape_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"code|row"):
        label_codes(wrong)


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        label_codes([])


def test_columns_move_to_their_label_and_a_missing_class_gets_zero() -> None:
    given = np.array([[0.3, 0.7], [1.0, 0.0]])
    ordered = in_label_order(given, (Label.POSITIVE, Label.NEGATIVE))
    assert ordered.tolist() == [[0.7, 0.0, 0.3], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    "row", [[0.5, 0.5, 0.5], [1.2, -0.2, 0.0], [np.nan, 0.5, 0.5], [np.inf, 0.0, 0.0], [0.0, 0.0, 0.0]]
)
def test_a_row_that_is_no_distribution_is_refused(row: list[float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        in_label_order(np.array([row]))


def test_rounding_in_the_sum_is_forgiven() -> None:
    assert in_label_order(np.array([[0.50002, 0.3, 0.2]])).shape == (1, 3)


@pytest.mark.parametrize("classes", [LABELS[:2], (Label.NEGATIVE, Label.NEGATIVE, Label.POSITIVE)])
def test_columns_that_do_not_fit_the_classes_are_refused(classes: tuple[Label, ...]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        in_label_order(np.full((2, 3), 1 / 3), classes)


def test_a_flat_array_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        in_label_order(np.array([0.2, 0.3, 0.5]))


def test_lengths_have_to_match() -> None:
    rows_that_match(np.array([1, 2]), np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"\[2, 3\]"):
        rows_that_match(np.array([1, 2]), np.zeros((3, 3)))
