"""Sums of weights for one block, without a matrix.

The sums are u @ coef.T of the block. Both classes keep one table: for each term its scaled coefficients, one
per label, and last its squared scale. The last column gives the norm in the same pass over memory: the table
does not fit the cache, so touching a row costs more than the arithmetic on it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from opinionlens.classifiers.linear.term_rows import Rows
from opinionlens.classifiers.linear.weights import Block
from opinionlens.features.calibration import FloatArray
from opinionlens.features.spec import TermFrequency

IntArray = npt.NDArray[np.int64]

# A batch keeps (text, row) pairs in one integer: the row in the low bits.
_ROW_BITS = 32
_ROW_MASK = (1 << _ROW_BITS) - 1
# tf of counts up to here is looked up: for a tweet, numpy's logarithm costs more than all the rest.
_USUAL_COUNTS = 256


_ONES = np.ones(1_024)


def _ones(count: int) -> FloatArray:
    """Return so many ones, faster than numpy makes them."""
    return _ONES[:count] if count <= len(_ONES) else np.ones(count)


class TermSums:
    """A block of counted terms: words or characters."""

    def __init__(self, block: Block, coef: FloatArray) -> None:
        """Fold scale and factor into the coefficients (k, V)."""
        self._tf: TermFrequency = block.tf
        self.is_normalised = block.normalise
        self.labels = len(coef)
        self._usual = self._tf_values(np.arange(_USUAL_COUNTS + 1).clip(1))
        self.table = _table(block, coef)

    def of(self, rows: Rows) -> list[float]:
        """Return one text's addition to the decision values (k,).

        `rows` has a row for every occurrence of a term.
        """
        if not len(rows):
            return [0.0] * self.labels
        ordered = rows.copy()
        ordered.sort()
        begins = np.empty(len(rows), dtype=np.bool_)
        begins[0] = True
        np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
        distinct = ordered[begins]
        if self._tf == "binary":
            return self._of_distinct(distinct, None)
        return self._of_distinct(distinct, self.tf_of(np.diff(begins.nonzero()[0], append=len(rows))))

    def of_few(self, rows: Sequence[int]) -> list[float]:
        """Return the same as `of`, for rows in plain Python."""
        distinct = set(rows)
        if not distinct:
            return [0.0] * self.labels
        if self._tf == "binary" or len(distinct) == len(rows):
            return self._of_distinct(list(distinct), None)
        counts = Counter(rows)
        return self._of_distinct(list(counts), self.tf_of(np.array(list(counts.values()))))

    def _of_distinct(self, rows: Rows | list[int], values: FloatArray | None) -> list[float]:
        """Return the sums of distinct rows.

        `values` are their tf values; without them each is 1.
        """
        touched = self.table.take(rows, axis=0)
        weights = _ones(len(touched)) if values is None else values
        totals: list[float]
        *totals, square = weights.dot(touched).tolist()
        if not self.is_normalised:
            return totals
        if values is not None:
            square = float((values * values).dot(touched[:, -1]))
        norm = math.sqrt(square) if square > 0 else 1.0
        return [total / norm for total in totals]

    def of_many(self, texts: Sequence[Sequence[int] | Rows]) -> FloatArray:
        """Return `of` for many texts (n, k)."""
        sums = np.zeros((len(texts), self.labels))
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
        sums[hit[firsts]] = _normalised(totals, totals[:, -1:]) if self.is_normalised else totals[:, :-1]
        return sums

    def norm(self, rows: Rows, values: FloatArray) -> float:
        """Return the divisor of a text's weights.

        The rows are distinct; `values` are their tf values.
        """
        return _norm(self.table[rows, -1], values) if self.is_normalised else 1.0

    def tf_of(self, counts: IntArray) -> FloatArray:
        """Return tf of the counts."""
        try:
            return self._usual.take(counts)
        except IndexError:
            return self._tf_values(counts)

    def _tf_values(self, counts: IntArray) -> FloatArray:
        if self._tf == "binary":
            return np.ones(len(counts))
        return counts.astype(np.float64) if self._tf == "count" else 1.0 + np.log(counts)


# A weight for each of three labels (0 for one that the model lacks), and the squared scale of the term.
Line = tuple[float, float, float, float]


def line_of(row: Sequence[float]) -> Line:
    """Return a row of a table as four floats.

    Plain Python sums that form fastest.
    """
    *weights, square = row
    first, second, third = weights + [0.0] * (3 - len(weights))
    return first, second, third, square


class DenseSums:
    """A dense block: every text has all its values."""

    def __init__(self, block: Block, coef: FloatArray) -> None:
        """Fold scale and factor into the coefficients (k, V)."""
        self.is_normalised = block.normalise
        self.table = _table(block, coef)
        self.labels = len(coef)
        self._lines = [line_of(row) for row in self.table.tolist()]

    def of(self, values: Sequence[float]) -> list[float]:
        """Return one text's addition to the decision values (k,)."""
        first = second = third = square = 0.0
        for value, line in zip(values, self._lines, strict=True):
            if value:
                first += value * line[0]
                second += value * line[1]
                third += value * line[2]
                square += value * value * line[3]
        if self.is_normalised and square > 0:
            norm = math.sqrt(square)
            first, second, third = first / norm, second / norm, third / norm
        return [first, second, third][: self.labels]

    def of_many(self, texts: Sequence[Sequence[float]]) -> FloatArray:
        """Return `of` for many texts (n, k)."""
        values = np.array(texts)
        sums = values @ self.table
        return (
            _normalised(sums, np.square(values) @ self.table[:, -1:]) if self.is_normalised else sums[:, :-1]
        )

    def norm(self, values: Sequence[float]) -> float:
        """Return the divisor of a text's weights."""
        return _norm(self.table[:, -1], np.asarray(values)) if self.is_normalised else 1.0


def _table(block: Block, coef: FloatArray) -> FloatArray:
    table = np.empty((len(block.terms), len(coef) + 1))
    np.multiply(coef.T, (block.scale * block.factor)[:, None], out=table[:, :-1])
    np.square(block.scale, out=table[:, -1])
    return table


def _norm(squares: FloatArray, values: FloatArray) -> float:
    square = float(np.square(values) @ squares)
    return math.sqrt(square) if square > 0 else 1.0


def _normalised(sums: FloatArray, squares: FloatArray) -> FloatArray:
    """Return the sums divided by the roots of the squares.

    Without their last column; 0 stays 0.
    """
    norms = np.sqrt(squares)
    return np.divide(sums[:, :-1], norms, out=sums[:, :-1], where=norms > 0)


def _starts_of_runs(ordered: IntArray) -> IntArray:
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return np.concatenate((np.zeros(1, dtype=np.int64), starts))
