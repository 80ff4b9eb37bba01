"""Summing the weights that a text hits: u @ coef.T of one block, without building a matrix.

Both classes keep one table: for each term its scaled coefficients, one per label, and last its squared scale.
The last column gives the norm in the same pass over memory: the table does not fit the cache, so touching a
row costs more than the arithmetic on it.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from opinionlens.classifiers.calibration import FloatArray
from opinionlens.classifiers.term_rows import Rows
from opinionlens.classifiers.weights import Block, TermFrequency

IntArray = npt.NDArray[np.int64]

# Up to so many rows are summed in plain Python: below it, calling numpy a dozen times costs more than the
# sums.
_FEW_ROWS = 100
# A batch keeps (text, row) pairs in one integer: the row in the low bits.
_ROW_BITS = 32
_ROW_MASK = (1 << _ROW_BITS) - 1
# tf of counts up to here is looked up: for a tweet, numpy's logarithm costs more than all the rest.
_USUAL_COUNTS = 256


class TermSums:
    """A block of counted terms: words or characters."""

    def __init__(self, block: Block, coef: FloatArray) -> None:
        """Fold scale and factor into the coefficients (k, V)."""
        self._tf: TermFrequency = block.tf
        self._normalise = block.normalise
        self._labels = len(coef)
        self._usual = self._tf_values(np.arange(1, _USUAL_COUNTS + 1))
        self._usual_floats = self._usual.tolist()
        self.table = _table(block, coef)
        self._bytes = self.table.data.cast("B") if len(block.terms) else memoryview(b"")
        self._row = struct.Struct(f"{self._labels + 1}d")

    def of(self, rows: Sequence[int] | Rows) -> Sequence[float]:
        """Return what one text with these rows (repeats included) adds to its decision values (k,)."""
        if not len(rows):
            return [0.0] * self._labels
        if isinstance(rows, list) and len(rows) <= _FEW_ROWS:
            *sums, square = self._of_few(rows)
        else:
            *sums, square = self._of_more(np.asarray(rows)).tolist()
        if not self._normalise or square <= 0:
            return sums
        norm = math.sqrt(square)
        return [value / norm for value in sums]

    def of_many(self, texts: Sequence[Sequence[int] | Rows]) -> FloatArray:
        """Return `of` for many texts (n, k)."""
        sums = np.zeros((len(texts), self._labels))
        lengths = [len(rows) for rows in texts]
        if not any(lengths):
            return sums
        rows = np.concatenate([np.asarray(rows, dtype=np.int32) for rows in texts])
        pairs = np.repeat(np.arange(len(texts), dtype=np.int64) << _ROW_BITS, lengths) | rows
        pairs.sort()
        starts = _starts_of_runs(pairs)
        hit, touched = pairs[starts] >> _ROW_BITS, self.table.take(pairs[starts] & _ROW_MASK, axis=0)
        if self._tf != "binary":
            values = self._tf_values(np.diff(starts, append=len(rows)))
            touched[:, :-1] *= values[:, None]
            touched[:, -1] *= values * values
        firsts = _starts_of_runs(hit)
        totals = np.add.reduceat(touched, firsts, axis=0)
        sums[hit[firsts]] = _normalised(totals, totals[:, -1:]) if self._normalise else totals[:, :-1]
        return sums

    def norm(self, rows: Rows, values: FloatArray) -> float:
        """Return what the weights of a text with these distinct rows and tf values are divided by."""
        return _norm(self.table[rows, -1], values) if self._normalise else 1.0

    def tf_of(self, counts: IntArray) -> FloatArray:
        """Return tf of the counts."""
        try:
            return self._usual.take(counts - 1)
        except IndexError:
            return self._tf_values(counts)

    def _of_few(self, rows: Sequence[int]) -> list[float]:
        """Return the columns of the table summed: each row once, then what repeats add to that."""
        row, table, size = self._row.unpack_from, self._bytes, self._row.size
        distinct = set(rows)
        columns = zip(*[row(table, number * size) for number in distinct], strict=True)
        totals: list[float] = list(map(sum, columns))
        if len(distinct) < len(rows) and self._tf != "binary":
            for number, count in Counter(rows).items():
                if count > 1:
                    value = self._usual_floats[count - 1]
                    *weights, square = row(table, number * size)
                    totals = [
                        *(
                            total + (value - 1.0) * weight
                            for total, weight in zip(totals, weights, strict=False)
                        ),
                        totals[-1] + (value * value - 1.0) * square,
                    ]
        return totals

    def _of_more(self, rows: Rows) -> FloatArray:
        """Return the same with arrays."""
        ordered = np.sort(rows)
        last = np.empty(len(rows), dtype=np.bool_)
        np.not_equal(ordered[1:], ordered[:-1], out=last[:-1])
        last[-1] = True
        ends = last.nonzero()[0]
        touched = self.table.take(ordered[ends], axis=0)
        counts = ends.copy()
        counts[1:] -= ends[:-1]
        counts[0] += 1
        values = self.tf_of(counts)
        sums: FloatArray = values.dot(touched)
        sums[-1] = (values * values).dot(touched[:, -1])
        return sums

    def _tf_values(self, counts: IntArray) -> FloatArray:
        if self._tf == "binary":
            return np.ones(len(counts))
        return counts.astype(np.float64) if self._tf == "count" else 1.0 + np.log(counts)


class DenseSums:
    """A block in which every text has a value for every feature: the lexicon."""

    def __init__(self, block: Block, coef: FloatArray) -> None:
        """Fold scale and factor into the coefficients (k, V)."""
        self._normalise = block.normalise
        self.table = _table(block, coef)
        self._rows: list[list[float]] = self.table.tolist()

    def of(self, values: Sequence[float]) -> Sequence[float]:
        """Return what one text with these values adds to its decision values (k,)."""
        totals = [0.0] * self.table.shape[1]
        for value, row in zip(values, self._rows, strict=True):
            if value:
                totals = [total + value * weight for total, weight in zip(totals, row, strict=True)]
        if not self._normalise:
            return totals[:-1]
        norm = self.norm(values)
        return [total / norm for total in totals[:-1]]

    def of_many(self, texts: Sequence[Sequence[float]]) -> FloatArray:
        """Return `of` for many texts (n, k)."""
        values = np.array(texts)
        sums = values @ self.table
        return _normalised(sums, np.square(values) @ self.table[:, -1:]) if self._normalise else sums[:, :-1]

    def norm(self, values: Sequence[float]) -> float:
        """Return what the weights of a text with these values are divided by."""
        return _norm(self.table[:, -1], np.asarray(values)) if self._normalise else 1.0


def _table(block: Block, coef: FloatArray) -> FloatArray:
    table = np.empty((len(block.terms), len(coef) + 1))
    np.multiply(coef.T, (block.scale * block.factor)[:, None], out=table[:, :-1])
    np.square(block.scale, out=table[:, -1])
    return table


def _norm(squares: FloatArray, values: FloatArray) -> float:
    square = float(np.square(values) @ squares)
    return math.sqrt(square) if square > 0 else 1.0


def _normalised(sums: FloatArray, squares: FloatArray) -> FloatArray:
    """Return the sums without their last column, divided by the roots of the squares; 0 stays 0."""
    norms = np.sqrt(squares)
    return np.divide(sums[:, :-1], norms, out=sums[:, :-1], where=norms > 0)


def _starts_of_runs(ordered: IntArray) -> IntArray:
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return np.concatenate((np.zeros(1, dtype=np.int64), starts))
