"""Thresholds at one rate of false alarms over all measures.

Windows without drift are drawn from held-out texts, and so is the reference that each is compared with: both
differ from what they stand for by chance. The thresholds are the same quantile of every measure, chosen so
that a window passes any of them at the stated rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from opinionlens.drift.embedding import fourier_features
from opinionlens.drift.measures.known_measures import MEASURES
from opinionlens.drift.measures.measure import Measure
from opinionlens.drift.profile import WINDOW_SIZES, Means, Spread

# The domain classifier's part of the rate: its own test is exact, and it cannot be resampled in time.
DOMAIN_SHARE = 0.1

_WINDOWS_AT_ONCE = 100
_REFERENCES = 100


@dataclass(frozen=True, eq=False)
class PoolRows:
    """Texts to draw windows from, one row each.

    Attributes:
        labels: codes of predicted labels.
        confidence: bins of the winning probability.
        length: bins of the lengths.
        widths: numbers of labels, bins of confidence and bins of length.
        unknown: shares of unknown words, NaN without words; None if unknown.
        embeddings: of the texts.
        terms: sparse, 1 where a text has a term.
    """

    labels: NDArray[np.int64]
    confidence: NDArray[np.int64]
    length: NDArray[np.int64]
    widths: tuple[int, int, int]
    unknown: NDArray[np.float64] | None
    embeddings: NDArray[np.float32]
    terms: sp.csr_array

    def __len__(self) -> int:
        return len(self.labels)


def find_spreads(
    rows: PoolRows, *, false_alarm_rate: float, resamples: int, seed: int
) -> dict[str, tuple[Spread, ...]]:
    """Return the spreads of every measure.

    Args:
        rows: of texts that the model has not seen, as it predicts them.
        false_alarm_rate: of a check, over all measures together.
        resamples: windows of each size.
        seed: of the draws.
    """
    pool = _Pool(rows)
    random = np.random.default_rng(seed)
    measures = [one for one in MEASURES if rows.unknown is not None or one.name != "unknown_terms"]
    references = next(pool.draw(random, len(rows), _REFERENCES))
    spreads: dict[str, list[Spread]] = {measure.name: [] for measure in measures}
    for size in WINDOW_SIZES:
        found: dict[str, list[NDArray[np.float64]]] = {measure.name: [] for measure in measures}
        for windows in pool.draw(random, size, resamples):
            for measure in measures:
                found[measure.name].append(measure.values(windows, references))
        values = {name: np.concatenate(parts)[:resamples] for name, parts in found.items()}
        for name, spread in _spreads_of(size, measures, values, false_alarm_rate).items():
            spreads[name].append(spread)
    return {name: tuple(each) for name, each in spreads.items()}


def joint_thresholds(values: Mapping[str, NDArray[np.float64]], rate: float) -> dict[str, float]:
    """Return thresholds at a common rate.

    That share of the rows reaches any of them. Each is the same rank of its own measure: no measure is given
    more of the rate than another.
    """
    names = list(values)
    table = np.stack([values[name] for name in names], axis=1)
    count = len(table)
    # The place of each value from the top, 1 for the largest; ties share the lower place.
    ordered = np.sort(table, axis=0)
    places = np.stack(
        [count - np.searchsorted(ordered[:, one], table[:, one], side="left") for one in range(len(names))],
        axis=1,
    )
    best = np.sort(places.min(axis=1))
    allowed = max(1, round(rate * count))
    # The largest rank that at most the allowed number of rows reach anywhere.
    rank = max(1, int(best[allowed]) - 1 if allowed < count else count)
    return {name: float(ordered[count - rank, one]) for one, name in enumerate(names)}


def _spreads_of(
    size: int, measures: Sequence[Measure], values: Mapping[str, NDArray[np.float64]], rate: float
) -> dict[str, Spread]:
    all_of_them = joint_thresholds(values, rate * (1 - DOMAIN_SHARE))
    wordless = {one.name for one in measures if not one.needs_words}
    without = joint_thresholds({name: each for name, each in values.items() if name in wordless}, rate)
    return {
        name: Spread(
            size,
            median=_rounded(np.median(each)),
            high=_rounded(np.quantile(each, 0.95)),
            threshold=_rounded(all_of_them[name]),
            threshold_without_words=_rounded(without[name]) if name in without else None,
        )
        for name, each in values.items()
    }


class _Pool:
    """The rows as matrices.

    The averages of many windows are one product.
    """

    def __init__(self, rows: PoolRows) -> None:
        self._count = len(rows)
        self._widths = rows.widths
        codes = (rows.labels, rows.confidence, rows.length)
        parts = [
            np.eye(width, dtype=np.float32)[code] for code, width in zip(codes, rows.widths, strict=True)
        ]
        self._has_unknown = rows.unknown is not None
        if rows.unknown is not None:
            known = np.isfinite(rows.unknown)
            parts.append(np.stack([np.where(known, rows.unknown, 0), known], axis=1).astype(np.float32))
        parts += [rows.embeddings, fourier_features(rows.embeddings)]
        self._dimensions = rows.embeddings.shape[1]
        self._dense = np.concatenate(parts, axis=1)
        self._terms = rows.terms.T.tocsr().astype(np.float32)

    def draw(self, random: np.random.Generator, size: int, windows: int) -> Iterator[Means]:
        """Yield the averages of windows drawn with replacement."""
        for _ in range(-(-windows // _WINDOWS_AT_ONCE)):
            drawn = random.integers(self._count, size=(_WINDOWS_AT_ONCE, size))
            weights = np.stack([np.bincount(each, minlength=self._count) for each in drawn]).astype(
                np.float32
            )
            weights /= size
            yield self._means(weights, size)

    def _means(self, weights: NDArray[np.float32], size: int) -> Means:
        averages = (weights @ self._dense).astype(np.float64)
        ends = np.cumsum([*self._widths, 2 if self._has_unknown else 0, self._dimensions])
        labels, confidence, length, unknown, embedding, fourier = np.split(averages, ends, axis=1)
        return Means(
            size,
            labels=labels,
            confidence=confidence,
            length=length,
            read_texts=size,
            unknown=unknown[:, 0] / np.maximum(unknown[:, 1], 1e-9) if self._has_unknown else None,
            embedding=embedding,
            fourier=fourier,
            terms=np.asarray((self._terms @ weights.T).T, dtype=np.float64),
        )


def _rounded(value: float | np.floating) -> float:
    return float(f"{float(value):.6g}")
