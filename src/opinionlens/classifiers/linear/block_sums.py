"""Sums of weights for one block, without a matrix.

The sums are u @ coef.T of the block. Both classes keep one table: for each term its scaled coefficients, one
per label, and last its squared scale. The last column gives the norm in the same pass over memory: the table
does not fit the cache, so touching a row costs more than the arithmetic on it.
"""

from __future__ import annotations

import math
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


class TermSums:
    """A block of counted terms: words or characters."""

    def __init__(self, block: Block, coef: FloatArray) -> None:
        """Fold scale and factor into the coefficients (k, V)."""
        self._tf: TermFrequency = block.tf
        self.is_normalised = block.normalise
        self.labels = len(coef)
        self._usual = self._tf_values(np.arange(_USUAL_COUNTS + 1).clip(1))
        self._usual_floats: list[float] = self._usual.tolist()
        self.table = _table(block, coef)

    def of(self, rows: Rows) -> list[float]:
        """Return one text's addition to the decision values (k,).

        `rows` has a row for every occurrence of a term.
        """
        if not len(rows):
            return [0.0] * self.labels
        ordered = rows.copy()
        ordered.sort()
        # Where another row begins, the beginning and the end included.
        begins = np.empty(len(rows) + 1, dtype=np.bool_)
        begins[0] = begins[-1] = True
        np.not_equal(ordered[1:], ordered[:-1], out=begins[1:-1])
        places = begins.nonzero()[0]
        starts = places[:-1]
        touched = self.table.take(ordered.take(starts), axis=0)
        values = self.tf_of(places[1:] - starts)
        totals: list[float]
        *totals, square = values.dot(touched).tolist()
        if self.is_normalised:
            values *= values
            square = values.dot(touched[:, -1])
            norm = math.sqrt(square) if square > 0 else 1.0
            totals = [total / norm for total in totals]
        return totals

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

    def tf_of_one(self, count: int) -> float:
        """Return tf of one count."""
        if count <= _USUAL_COUNTS:
            return self._usual_floats[count]
        return float(self._tf_values(np.array([count]))[0])

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
