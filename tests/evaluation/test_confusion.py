from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as peer

from opinionlens.evaluation import confusion

# Truth in rows: 5 negative rows of which 3 are found, 4 neutral of which 2, 1 positive of which 0.
TABLE = np.array([[3, 1, 1], [2, 2, 0], [0, 1, 0]])


def test_by_hand() -> None:
    assert confusion.accuracy(TABLE) == pytest.approx(5 / 10)
    assert confusion.class_precision(TABLE) == pytest.approx([3 / 5, 2 / 4, 0])
    assert confusion.class_recall(TABLE) == pytest.approx([3 / 5, 2 / 4, 0])
    assert confusion.class_f1(TABLE) == pytest.approx([6 / 10, 4 / 8, 0])


def test_a_stack_of_tables_is_scored_table_by_table() -> None:
    other = np.diag([1, 2, 3])
    stack = np.stack([[TABLE, other], [other, TABLE]])
    for statistic in (
        confusion.accuracy,
        confusion.macro_f1,
        confusion.macro_precision,
        confusion.macro_recall,
    ):
        one, perfect = float(statistic(TABLE)), float(statistic(other))
        assert statistic(stack) == pytest.approx(np.array([[one, perfect], [perfect, one]]))
        assert perfect == 1.0


def test_a_table_without_rows_scores_nothing() -> None:
    empty = np.zeros((3, 3), dtype=np.int64)
    assert confusion.accuracy(empty) == confusion.macro_f1(empty) == 0.0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_agrees_with_scikit_learn_over_the_classes_present(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = np.array(pairs).T
    table = confusion.confusion_table(truth, predicted)
    assert table.tolist() == peer.confusion_matrix(truth, predicted, labels=[0, 1, 2]).tolist()
    precision, recall, f1, _ = peer.precision_recall_fscore_support(
        truth, predicted, labels=np.unique(truth), average="macro", zero_division=0
    )
    assert confusion.macro_precision(table) == pytest.approx(precision)
    assert confusion.macro_recall(table) == pytest.approx(recall)
    assert confusion.macro_f1(table) == pytest.approx(f1)
