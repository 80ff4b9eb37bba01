"""Sides and ties, on cases small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.quality.sides import lean, share_ties, sign_codes

from opinionlens.evaluation.confusion import confusion_table, macro_f1, macro_recall

ANSWERS = np.array([[0.3, 0.6, 0.1], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.0, 1.0, 0.0]])


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
