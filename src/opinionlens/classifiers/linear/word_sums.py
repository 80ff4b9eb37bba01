"""Sums of one text's word n-grams in plain Python.

For a tweet, calling numpy costs more than the sums.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from typing import cast

from opinionlens.classifiers.linear.block_sums import Line, TermSums, line_of
from opinionlens.classifiers.linear.term_rows import WordRows

# Rows met before are answered from memory: about 250 bytes each, so 8 MB when full.
_MET_ROWS = 32_768


class _MetLines(dict[int, Line]):
    """The lines of rows that were met before."""

    def __init__(self, read: Callable[[int], Line]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, row: int) -> Line:
        if len(self) >= _MET_ROWS:
            self.clear()
        line = self[row] = self._read(row)
        return line


class WordSums:
    """Sums of the weights of one text's words.

    They equal `TermSums.of` to rounding. Safe to share between threads: a race only reads a line twice.
    """

    def __init__(self, rows: WordRows, sums: TermSums) -> None:
        """Share vocabulary and table with these."""
        self._rows_of = rows.of
        self._sums = sums
        self._bytes = sums.table.data.cast("B") if len(sums.table) else memoryview(b"")
        numbers = struct.Struct(f"{sums.table.shape[1]}d")
        self._unpack, self._size = numbers.unpack_from, numbers.size
        self._met = _MetLines(self._read)

    def of(self, tokens: Sequence[str]) -> list[float]:
        """Return the sums for the tokens of a text."""
        rows = self._rows_of(tokens)
        if len(set(rows)) < len(rows):
            return self._normalised(self._counted(rows))
        first = second = third = square = 0.0
        for line in map(self._met.__getitem__, rows):
            first += line[0]
            second += line[1]
            third += line[2]
            square += line[3]
        return self._normalised((first, second, third, square))

    def _counted(self, rows: Sequence[int]) -> Line:
        """Return the sums where terms repeat.

        A term that occurs c times has the factor tf(c), in the squares tf(c)².
        """
        met, tf_of = self._met, self._sums.tf_of_one
        first = second = third = square = 0.0
        for row, count in Counter(rows).items():
            line = met[row]
            value = 1.0 if count == 1 else tf_of(count)
            first += value * line[0]
            second += value * line[1]
            third += value * line[2]
            square += value * value * line[3]
        return first, second, third, square

    def _normalised(self, totals: Line) -> list[float]:
        first, second, third, square = totals
        if self._sums.is_normalised and square > 0:
            norm = math.sqrt(square)
            first, second, third = first / norm, second / norm, third / norm
        return [first, second, third][: self._sums.labels]

    def _read(self, row: int) -> Line:
        values = self._unpack(self._bytes, row * self._size)
        return cast(Line, values) if len(values) == 4 else line_of(values)
