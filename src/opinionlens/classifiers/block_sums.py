"""Summing the weights of the rows that a text hits: u @ coef.T of one block, without building a matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from opinionlens.classifiers.calibration import FloatArray
from opinionlens.classifiers.term_rows import Rows
from opinionlens.classifiers.weights import Block, TermFrequency

# A batch keeps (text, row) pairs in one integer: the row in the low bits.
_ROW_BITS = 32
_ROW_MASK = (1 << _ROW_BITS) - 1


class BlockSums:
    """One table per block: for each term its scaled coefficients, one per label, and last its squared scale.

    The last column gives the norm in the same pass over memory: the table does not fit the cache, so each row
    that is touched costs more than the arithmetic on it.
    """

    def __init__(self, block: Block, coef: FloatArray) -> None:
        """Fold scale and factor into the coefficients (k, V)."""
        self._tf: TermFrequency = block.tf
        self._normalise = block.normalise
        self._labels = len(coef)
        self.table = np.empty((len(block.terms), self._labels + 1))
        np.multiply(coef.T, (block.scale * block.factor)[:, None], out=self.table[:, :-1])
        np.square(block.scale, out=self.table[:, -1])

    def of(self, rows: Rows) -> FloatArray:
        """Return what one text with these rows (repeats included) adds to its decision values (k,)."""
        if not len(rows):
            return np.zeros(self._labels)
        unique, values = self.weighed(rows)
        touched = self.table.take(unique, axis=0)
        if values is None:
            sums = touched.sum(axis=0)
            square = sums[-1]
        else:
            sums = values @ touched
            square = (values * values) @ touched[:, -1]
        return self._normalised(sums[:-1], float(square))

    def weighed(self, rows: Rows) -> tuple[Rows, FloatArray | None]:
        """Return the distinct rows and tf of their counts; None stands for all 1."""
        ordered = np.sort(rows)
        starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
        if len(starts) + 1 == len(rows):
            return ordered, None
        starts = np.concatenate((_ZERO, starts))
        unique = ordered[starts]
        return unique, None if self._tf == "binary" else self.tf_of(np.diff(starts, append=len(rows)))

    def of_many(self, rows: Rows, lengths: Sequence[int]) -> FloatArray:
        """Return `of` for many texts (n, k): their rows follow one another, `lengths[i]` of text i."""
        sums = np.zeros((len(lengths), self._labels))
        if not len(rows):
            return sums
        pairs = np.repeat(np.arange(len(lengths), dtype=np.int64) << _ROW_BITS, lengths) | rows
        pairs.sort()
        starts = np.concatenate((_ZERO, np.flatnonzero(pairs[1:] != pairs[:-1]) + 1))
        texts, touched = pairs[starts] >> _ROW_BITS, self.table.take(pairs[starts] & _ROW_MASK, axis=0)
        if self._tf != "binary":
            values = self.tf_of(np.diff(starts, append=len(rows)))
            touched[:, :-1] *= values[:, None]
            touched[:, -1] *= values * values
        firsts = np.concatenate((_ZERO, np.flatnonzero(np.diff(texts)) + 1))
        totals = np.add.reduceat(touched, firsts, axis=0)
        if self._normalise:
            norms = np.sqrt(totals[:, -1:])
            np.divide(totals[:, :-1], norms, out=totals[:, :-1], where=norms > 0)
        sums[texts[firsts]] = totals[:, :-1]
        return sums

    def of_values(self, values: FloatArray) -> FloatArray:
        """Return what texts with these values (n, V) of a dense block add (n, k)."""
        sums = values @ self.table[:, :-1]
        if self._normalise:
            norms = np.sqrt(np.square(values) @ self.table[:, -1:])
            np.divide(sums, norms, out=sums, where=norms > 0)
        return sums

    def norm(self, rows: Rows, values: FloatArray) -> float:
        """Return what the weights of a text with these distinct rows and tf values are divided by."""
        square = float(np.square(values) @ self.table[rows, -1]) if self._normalise else 1.0
        return math.sqrt(square) if square > 0 else 1.0

    def tf_of(self, counts: npt.NDArray[np.int64]) -> FloatArray:
        """Return tf of the counts."""
        if self._tf == "binary":
            return np.ones(len(counts))
        return counts.astype(np.float64) if self._tf == "count" else 1.0 + np.log(counts)

    def _normalised(self, sums: FloatArray, square: float) -> FloatArray:
        return sums / math.sqrt(square) if self._normalise and square > 0 else sums


_ZERO = np.zeros(1, dtype=np.int64)
