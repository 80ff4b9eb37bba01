"""Summing word n-grams of one text in plain Python: for a tweet, calling numpy costs more than the sums."""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Sequence
from typing import cast

from opinionlens.classifiers.block_sums import Line, TermSums, line_of
from opinionlens.classifiers.term_rows import WordRows
from opinionlens.text.ngrams import word_ngrams

# Terms met before are answered from memory: about 350 bytes each, so 12 MB when full.
_MET_TERMS = 32_768


class WordSums:
    """What the words of one text add to its decision values; equal to `TermSums.of` to rounding.

    Safe to share between threads: a race only looks a term up twice.
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
        if len(set(tokens)) < len(tokens):
            first, second, third, square = self._corrected((first, second, third, square), grams)
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

    def _corrected(self, totals: Line, grams: Sequence[str]) -> Line:
        """Return the sums with tf(c) in place of c for a term that occurs c times; tf(c)² in the squares."""
        first, second, third, square = totals
        seen: set[str] = set()
        again = [gram for gram in grams if gram in seen or seen.add(gram)]  # type: ignore[func-returns-value]
        for gram, repeats in Counter(again).items():
            row = self._row_of(gram)
            if row is not None:
                line = self._met.get(gram) or self._meet(gram, row)
                count = repeats + 1
                value = self._sums.tf_of_one(count)
                first += (value - count) * line[0]
                second += (value - count) * line[1]
                third += (value - count) * line[2]
                square += (value * value - count) * line[3]
        return first, second, third, square
