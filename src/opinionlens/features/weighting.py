"""Weighting of counts for a model, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from opinionlens.features.counts import Counts, Csr, FloatArray
from opinionlens.features.spec import BlockName, TermFrequency
from opinionlens.features.terms import document_frequencies


@dataclass(frozen=True, eq=False)
class BlockWeighting:
    """The weighting of one block.

    With c a count: v = tf(c), u = v * scale, divided by its L2 norm if `normalise`, times `factor`. tf(c) is
    c, 1 (`binary`) or 1 + ln c (`log`) for a count above 0. Dense values are taken as they are.
    """

    tf: TermFrequency
    scale: FloatArray
    normalise: bool
    factor: float = 1.0

    def apply(self, counts: Any) -> Csr:  # noqa: ANN401 - a sparse matrix, or dense values
        """Return the weighted block, float64."""
        matrix = sp.csr_array(counts) if isinstance(counts, np.ndarray) else counts
        values = _term_frequency(matrix.data, self.tf) * self.scale[matrix.indices]
        lengths = np.diff(matrix.indptr)
        if self.normalise:
            norms = np.sqrt(np.bincount(np.repeat(np.arange(len(lengths)), lengths), values**2, len(lengths)))
            norms[norms == 0] = 1.0  # a text without a known term stays a row of zeros
            values /= np.repeat(norms, lengths)
        values *= self.factor
        weighted = sp.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)
        weighted.has_canonical_format = True
        return weighted


@dataclass(frozen=True, eq=False)
class Weighting:
    """One weighting for each block of a model.

    A block without one is left out.
    """

    words: BlockWeighting | None = None
    chars: BlockWeighting | None = None
    lexicon: BlockWeighting | None = None
    opinions: BlockWeighting | None = None

    def blocks(self) -> list[tuple[BlockName, BlockWeighting]]:
        """Return the existing blocks in column order."""
        pairs: list[tuple[BlockName, BlockWeighting | None]] = [
            ("words", self.words),
            ("chars", self.chars),
            ("lexicon", self.lexicon),
            ("opinions", self.opinions),
        ]
        return [(name, block) for name, block in pairs if block is not None]

    @property
    def width(self) -> int:
        """The number of columns that `apply` gives."""
        return sum(len(block.scale) for _, block in self.blocks())

    def apply(self, counts: Counts) -> Csr:
        """Return the weighted blocks side by side, texts by columns."""
        weighted = [block.apply(getattr(counts, name)) for name, block in self.blocks()]
        return sp.hstack(weighted, format="csr") if len(weighted) > 1 else weighted[0]


def smooth_idf(counts: Csr) -> FloatArray:
    """Return the smoothed inverse document frequency of every term.

    It is ln((1 + n) / (1 + df)) + 1: rarer terms weigh more, none weighs 0 or infinity.
    """
    idf: FloatArray = np.log((1 + counts.shape[0]) / (1 + document_frequencies(counts))) + 1
    return idf


def inverse_deviation(values: FloatArray) -> FloatArray:
    """Return 1 / standard deviation of every column.

    It is 0 for a constant column, which carries no information.
    """
    deviation = values.std(axis=0)
    varies = deviation > 0
    return np.where(varies, 1.0 / np.where(varies, deviation, 1.0), 0.0)


def _term_frequency(counts: FloatArray, tf: TermFrequency) -> FloatArray:
    if tf == "binary":
        return np.ones(len(counts), dtype=np.float64)
    values = counts.astype(np.float64)
    return 1.0 + np.log(values) if tf == "log" else values
