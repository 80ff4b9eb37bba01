"""Sums of one text's word n-grams in plain Python.

For a tweet, calling numpy costs more than the sums.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Sequence
from typing import cast

from opinionlens.classifiers.linear.block_sums import Line, TermSums, line_of
from opinionlens.classifiers.linear.term_rows import WordRows
from opinionlens.text.ngrams import word_ngrams

# Terms met before are answered from memory: about 350 bytes each, so 12 MB when full.
_MET_TERMS = 32_768


class WordSums:
    """Sums of the weights of one text's words.

    They equal `TermSums.of` to rounding. Safe to share between threads: a race only looks a term up twice.
    """

    def __init__(self, rows: WordRows, sums: TermSums) -> None:
        """Share vocabulary and table with these."""
        self._rows = rows
        self._sums = sums
        self._bytes = sums.table.data.cast("B") if len(sums.table) else memoryview(b"")
        numbers = struct.Struct(f"{sums.table.shape[1]}d")
        self._unpack, self._size = numbers.unpack_from, numbers.size
        self._row_of = rows.row
        self._met: dict[str, Line] = {}

    def of(self, tokens: Sequence[str]) -> list[float]:
        """Return the sums for the tokens of a text."""
        grams = word_ngrams(tokens, self._rows.low, self._rows.high)
        if len(set(tokens)) < len(tokens):
            return self._normalised(self._counted(grams))
        met, meet, row_of = self._met.get, self._meet, self._row_of
        first = second = third = square = 0.0
        for gram in grams:
            line = met(gram)
            if line is None:  # most pairs of words are unknown: a call for each would cost more than the look
                row = row_of(gram)
                if row is None:
                    continue
                line = meet(gram, row)
            first += line[0]
            second += line[1]
            third += line[2]
            square += line[3]
        return self._normalised((first, second, third, square))

    def _counted(self, grams: Sequence[str]) -> Line:
        """Return the sums where terms repeat.

        A term that occurs c times has the factor tf(c), in the squares tf(c)².
        """
        met, meet, row_of, tf_of = self._met.get, self._meet, self._row_of, self._sums.tf_of_one
        first = second = third = square = 0.0
        for gram, count in Counter(grams).items():
            line = met(gram)
            if line is None:
                row = row_of(gram)
                if row is None:
                    continue
                line = meet(gram, row)
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

    def _meet(self, gram: str, row: int) -> Line:
        values = self._unpack(self._bytes, row * self._size)
        line = cast(Line, values) if len(values) == 4 else line_of(values)
        if len(self._met) >= _MET_TERMS:
            self._met.clear()
        self._met[gram] = line
        return line
