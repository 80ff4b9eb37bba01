"""The drift reference's part for comparing windows.

Averages over texts like those of training that the model has not seen, and how far such averages lie apart
without drift.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Fewer texts than the smallest window are too few for an answer.
WINDOW_SIZES = (200, 500, 1_000, 5_000)
LEAST_TEXTS = WINDOW_SIZES[0]


@dataclass(frozen=True)
class Means:
    """Averages over the texts of some windows.

    The first axis is that of windows. All that the measures compare, apart from the domain classifier.
    Sums can be added, so a window may be gathered piece by piece.

    Attributes:
        texts: texts in a window.
        labels: shares of predicted labels, in the order of LABELS.
        confidence: shares of the bins of the winning probability.
        length: shares of the bins of the texts' lengths.
        read_texts: texts in a window whose words are known; they are what the rest is averaged over.
        unknown_texts: texts whose share of unknown words is known.
        unknown: mean share of unknown words, over these texts; NaN without.
        embedding: mean embedding.
        fourier: mean of the embeddings' Fourier features.
        terms: share of texts with each term of the profile, then with each bucket of other terms.
    """

    texts: int
    labels: NDArray[np.float64]
    confidence: NDArray[np.float64]
    length: NDArray[np.float64]
    read_texts: int = 0
    unknown_texts: int = 0
    unknown: NDArray[np.float64] | None = None
    embedding: NDArray[np.float64] | None = None
    fourier: NDArray[np.float64] | None = None
    terms: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Spread:
    """One measure's values over windows without drift.

    Attributes:
        texts: the size of the windows.
        median: of the values.
        high: the 95 % quantile.
        threshold: above it is drift, when all measures can be taken.
        threshold_without_words: the same when the texts are not stored; None for measures that need them.
    """

    texts: int
    median: float
    high: float
    threshold: float
    threshold_without_words: float | None


@dataclass(frozen=True)
class TextProfile:
    """Averages over held-out texts, with the spread of windows.

    Attributes:
        texts: that it was made of.
        false_alarm_rate: how often a check without drift gives an alarm, over all measures together.
        resamples: windows of each size that the spreads were found with.
        label_shares: of predicted labels, in the order of LABELS.
        confidence_edges: inner limits of the bins.
        confidence_shares: one more than edges.
        length_edges: inner limits of the bins, in code points.
        length_shares: one more than edges.
        unknown_share: mean share of unknown words; None for a vocabulary without single words.
        embedding: mean embedding.
        fourier: mean of the embeddings' Fourier features.
        terms: the most frequent terms, each in many texts; before them traces of a wrong encoding.
        term_shares: share of texts with each.
        rest_shares: share of texts with a term of each bucket of all others.
        spreads: by measure, the smallest window first.
    """

    texts: int
    false_alarm_rate: float
    resamples: int
    label_shares: tuple[float, ...]
    confidence_edges: tuple[float, ...]
    confidence_shares: tuple[float, ...]
    length_edges: tuple[float, ...]
    length_shares: tuple[float, ...]
    unknown_share: float | None
    embedding: tuple[float, ...]
    fourier: tuple[float, ...]
    terms: tuple[str, ...]
    term_shares: tuple[float, ...]
    rest_shares: tuple[float, ...]
    spreads: Mapping[str, tuple[Spread, ...]]

    def __post_init__(self) -> None:
        """Reject parts that do not fit together."""
        fits = (
            len(self.confidence_shares) == len(self.confidence_edges) + 1
            and len(self.length_shares) == len(self.length_edges) + 1
            and len(self.terms) == len(self.term_shares)
        )
        if not fits:
            raise ValueError("the shares do not fit their edges or terms")

    def means(self) -> Means:
        """Return the averages as those of one window."""
        unknown = None if self.unknown_share is None else np.array([self.unknown_share])
        return Means(
            self.texts,
            labels=_row(self.label_shares),
            confidence=_row(self.confidence_shares),
            length=_row(self.length_shares),
            read_texts=self.texts,
            unknown_texts=self.texts,
            unknown=unknown,
            embedding=_row(self.embedding),
            fourier=_row(self.fourier),
            terms=_row((*self.term_shares, *self.rest_shares)),
        )

    def threshold(self, measure: str, texts: int, *, has_words: bool) -> float | None:
        """Return the threshold for a window of this size.

        None if there is none.
        Between two sizes it is read off the line through both, in the logarithms of threshold and variance.
        Above the largest size it stays, so that alarms become rarer than stated, not more frequent.
        """
        points = [
            (_variance(one.texts, self.texts), value)
            for one in self.spreads.get(measure, ())
            if (value := one.threshold if has_words else one.threshold_without_words) is not None
        ]
        if not points or texts < LEAST_TEXTS:
            return None
        points.sort()
        variances, values = np.log([point[0] for point in points]), [point[1] for point in points]
        return float(
            np.exp(
                np.interp(np.log(_variance(texts, self.texts)), variances, np.log(np.maximum(values, 1e-12)))
            )
        )


def _row(values: tuple[float, ...]) -> NDArray[np.float64]:
    return np.array([values], dtype=np.float64)


def _variance(texts: int, reference: int) -> float:
    return 1 / texts + 1 / reference
