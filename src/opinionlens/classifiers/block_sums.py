"""Summing the weights of the rows that a text hits: u @ coef.T of one block, without building a matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from opinionlens.classifiers.calibration import FloatArray
from opinionlens.classifiers.term_rows import Rows
from opinionlens.classifiers.weights import Block, TermFrequency

IntArray = npt.NDArray[np.int64]

# A batch keeps (text, row) pairs in one integer: the row in the low bits.
_ROW_BITS = 32
_ROW_MASK = (1 << _ROW_BITS) - 1
# tf of counts up to here is looked up: for a tweet, numpy's logarithm costs more than all the rest.
_USUAL_COUNTS = 256


class BlockSums:
    """One table per block: for each term its scaled coefficients, one per label, and last its squared scale.

    The last column gives the norm in the same pass over memory: the table does not fit the cache, so each
    row that is touched costs more than the arithmetic on it.
    """

    def __init__(self, block: Block, coef: FloatArray) -> None:
        """Fold scale and factor into the coefficients (k, V)."""
        self._tf: TermFrequency = block.tf
        self._normalise = block.normalise
        self._labels = len(coef)
        self._usual = self._tf_values(np.arange(1, _USUAL_COUNTS + 1))
        self.table = np.empty((len(block.terms), self._labels + 1))
        np.multiply(coef.T, (block.scale * block.factor)[:, None], out=self.table[:, :-1])
        np.square(block.scale, out=self.table[:, -1])

    def of(self, rows: Rows) -> list[float] | FloatArray:
        """Return what one text with these rows (repeats included) adds to its decision values (k,).

        Every numpy call costs about as much as summing twenty rows, so there are as few as can be.
        """
        total = len(rows)
        if not total:
            return [0.0] * self._labels
        ordered = np.sort(rows)
        last = np.empty(total, dtype=np.bool_)
        np.not_equal(ordered[1:], ordered[:-1], out=last[:-1])
        last[-1] = True
        ends = last.nonzero()[0]
        if len(ends) == total:
            touched = self.table.take(ordered, axis=0)
            sums: FloatArray = np.ones(total).dot(touched)
            square = sums[-1]
        else:
            touched = self.table.take(ordered[ends], axis=0)
            counts = ends.copy()
            counts[1:] -= ends[:-1]
            counts[0] += 1
            values = self.tf_of(counts)
            sums = values.dot(touched)
            square = (values * values).dot(touched[:, -1])
        return sums[:-1] / math.sqrt(square) if self._normalise and square > 0 else sums[:-1]

    def of_many(self, rows: Rows, lengths: Sequence[int]) -> FloatArray:
        """Return `of` for many texts (n, k): their rows follow one another, `lengths[i]` of text i."""
        sums = np.zeros((len(lengths), self._labels))
        if not len(rows):
            return sums
        pairs = np.repeat(np.arange(len(lengths), dtype=np.int64) << _ROW_BITS, lengths) | rows
        pairs.sort()
        starts = _starts_of_runs(pairs)
        texts, touched = pairs[starts] >> _ROW_BITS, self.table.take(pairs[starts] & _ROW_MASK, axis=0)
        if self._tf != "binary":
            values = self._tf_values(np.diff(starts, append=len(rows)))
            touched[:, :-1] *= values[:, None]
            touched[:, -1] *= values * values
        firsts = _starts_of_runs(texts)
        totals = np.add.reduceat(touched, firsts, axis=0)
        if self._normalise:
            norms = np.sqrt(totals[:, -1:])
            np.divide(totals[:, :-1], norms, out=totals[:, :-1], where=norms > 0)
        sums[texts[firsts]] = totals[:, :-1]
        return sums

    def of_values(self, values: FloatArray) -> FloatArray:
        """Return what texts with these values (n, V) of a dense block add (n, k); or one with values (V,)."""
        sums = values @ self.table
        if not self._normalise:
            return sums[..., :-1]
        norms = np.sqrt(np.square(values) @ self.table[:, -1:])
        return np.divide(sums[..., :-1], norms, out=sums[..., :-1], where=norms > 0)

    def norm(self, rows: Rows, values: FloatArray) -> float:
        """Return what the weights of a text with these distinct rows and tf values are divided by."""
        square = float(np.square(values) @ self.table[rows, -1]) if self._normalise else 1.0
        return math.sqrt(square) if square > 0 else 1.0

    def tf_of(self, counts: IntArray) -> FloatArray:
        """Return tf of the counts."""
        try:
            return self._usual.take(counts - 1)
        except IndexError:
            return self._tf_values(counts)

    def _tf_values(self, counts: IntArray) -> FloatArray:
        if self._tf == "binary":
            return np.ones(len(counts))
        return counts.astype(np.float64) if self._tf == "count" else 1.0 + np.log(counts)


def _starts_of_runs(ordered: IntArray) -> IntArray:
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return np.concatenate((np.zeros(1, dtype=np.int64), starts))
