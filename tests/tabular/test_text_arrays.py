from __future__ import annotations

import pytest

from opinionlens.tabular.text_arrays import text_arrays


def test_rows_become_columns() -> None:
    columns = text_arrays([["a", "b"], ["c", "d\ud83d"]], 2)
    assert [column.to_pylist() for column in columns] == [["a", "c"], ["b", "d\ufffd"]]


def test_no_rows_are_columns_all_the_same() -> None:
    assert [column.to_pylist() for column in text_arrays([], 3)] == [[], [], []]


def test_rows_of_different_lengths_lose_no_cell() -> None:
    with pytest.raises(ValueError, match="shorter"):
        text_arrays([["a", "b"], ["c"]], 2)
