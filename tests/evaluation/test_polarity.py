"""The two-class rule, on cases small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from opinionlens.evaluation.confusion import confusion_table, macro_f1, macro_recall
from opinionlens.evaluation.polarity import by_sign, is_two_class, lean, share_ties, sign_codes

ANSWERS = np.array([[0.3, 0.6, 0.1], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    ("truth", "expected"),
    [([0, 0, 2, 2], True), ([0, 1, 2], False), ([2, 2], False), ([0, 1], False), ([1], False)],
)
def test_only_negative_and_positive_are_two_classes(truth, expected):
    assert is_two_class(np.array(truth)) is expected


def test_neutral_is_no_answer():
    expected = [[0.75, 0, 0.25], [0.4, 0, 0.6], [0.5, 0, 0.5], [0.5, 0, 0.5]]
    before = ANSWERS.copy()
    assert by_sign(ANSWERS) == pytest.approx(np.array(expected))
    assert (before == ANSWERS).all()


def test_the_larger_side_wins_and_equals_are_a_tie():
    assert lean(ANSWERS) == pytest.approx([-0.2, 0.1, 0, 0])
    assert sign_codes(lean(ANSWERS)).tolist() == [0, 2, 1, 1]
    assert sign_codes(np.array([-1e-9, 0.0, -0.0, 1e-9])).tolist() == [0, 1, 1, 2]


def test_ties_count_half_on_each_side():
    # Negative: one right, one tie. Positive: one right, one wrong, two ties.
    table = confusion_table(np.array([0, 0, 2, 2, 2, 2]), np.array([0, 1, 2, 0, 1, 1]))
    shared = share_ties(table)
    assert shared.tolist() == [[1.5, 0, 0.5], [0, 0, 0], [2, 0, 2]]
    assert macro_recall(shared) == pytest.approx((1.5 / 2 + 2 / 4) / 2)
    assert macro_f1(shared) == pytest.approx((3 / 5.5 + 4 / 6.5) / 2)
    assert table.tolist() == [[1, 1, 0], [0, 0, 0], [1, 2, 1]]


def test_a_stack_of_tables_is_shared_table_by_table():
    stack = np.array([[[0, 4, 0], [0, 0, 0], [0, 2, 0]], [[3, 0, 0], [0, 0, 0], [0, 0, 5]]])
    assert share_ties(stack).tolist() == [
        [[2, 0, 2], [0, 0, 0], [1, 0, 1]],
        [[3, 0, 0], [0, 0, 0], [0, 0, 5]],
    ]
