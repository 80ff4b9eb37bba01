"""Reliability tables and the expected calibration error.

They tell whether predictions with a confidence of 80 % are right 8 times in 10. Only the winning class
counts: its probability is the confidence, and it is right or wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from opinionlens.evaluation.codes import Codes, Floats, rows_that_match

BINS = 15
"""The usual number, so that figures compare with published ones."""


class Binning(StrEnum):
    """The ways to group confidences.

    Into equal parts of the scale, or into groups of about equal size.
    """

    EQUAL_WIDTH = "equal_width"
    EQUAL_MASS = "equal_mass"


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The predictions with a confidence in (low, high]."""

    low: float
    high: float
    n: int
    mean_confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class MinConfidence:
    """A confidence below which predictions are marked uncertain.

    `marked` is the share of the rows below it, and `error_rate` the share of these that were wrong (None if
    there were none).
    """

    threshold: float
    marked: float
    error_rate: float | None


def reliability_table(
    truth: Codes, probabilities: Floats, *, bins: int = BINS, binning: Binning = Binning.EQUAL_WIDTH
) -> tuple[ReliabilityBin, ...]:
    """Return confidence and accuracy bin by bin.

    Empty bins are left out. Equal confidences always share a bin, so the order of the rows does not matter
    and bins of equal mass may differ in size, or be fewer.
    """
    confidence, is_right = winners(truth, probabilities)
    edges = _edges(confidence, bins, binning)
    places = _places(confidence, edges)
    sizes = np.bincount(places, minlength=len(edges) - 1)
    sums = np.bincount(places, weights=confidence, minlength=len(sizes))
    hits = np.bincount(places, weights=is_right, minlength=len(sizes))
    return tuple(
        ReliabilityBin(float(edges[i]), float(edges[i + 1]), int(n), float(sums[i] / n), float(hits[i] / n))
        for i, n in enumerate(sizes)
        if n
    )


def expected_calibration_error(
    truth: Codes, probabilities: Floats, *, bins: int = BINS, binning: Binning = Binning.EQUAL_WIDTH
) -> float:
    """Return the mean distance of confidence and accuracy.

    Over the bins, weighted by their size. It is never negative, so chance alone makes it positive: see
    `calibration_error_by_chance`.
    """
    table = reliability_table(truth, probabilities, bins=bins, binning=binning)
    return sum(row.n * abs(row.mean_confidence - row.accuracy) for row in table) / len(truth)


def calibration_error_by_chance(
    probabilities: Floats, *, seed: int, quantile: float = 0.95, draws: int = 200, bins: int = BINS
) -> float:
    """Return the calibration error that chance alone rarely exceeds.

    It is the equal-width error of a perfectly calibrated classifier with these confidences. With 15 bins and
    300 rows that is about 0.08, so a fixed bound alone would refuse honest classifiers on small sets.
    """
    confidence = probabilities.max(axis=1)
    edges = _edges(confidence, bins, Binning.EQUAL_WIDTH)
    places = _places(confidence, edges)
    sums = np.bincount(places, weights=confidence, minlength=bins)
    generator = np.random.default_rng(seed)
    errors = np.empty(draws)
    for draw in range(draws):
        hits = np.bincount(places, weights=generator.random(len(confidence)) < confidence, minlength=bins)
        errors[draw] = np.abs(sums - hits).sum() / len(confidence)
    return float(np.quantile(errors, quantile))


def choose_min_confidence(
    truth: Codes, probabilities: Floats, *, error_rate: float = 0.5, max_marked: float = 1.0
) -> MinConfidence:
    """Choose the confidence below which predictions are too often wrong.

    It is the highest threshold, in hundredths, such that the predictions below it are wrong at least as often
    as `error_rate` says.

    Of thresholds that would mark more than the share `max_marked` none is taken. At the default error rate an
    answer is marked when it belongs to a group that is no better than a coin. Where even
    the least confident answers are better than that, the threshold is 0 and nothing is marked; where the
    classifier as a whole is that bad, it exceeds every confidence (below 1) and everything is marked.
    """
    confidence, is_right = winners(truth, probabilities)
    grid = np.arange(101) / 100
    places = np.searchsorted(grid, confidence, side="right")
    marked = np.cumsum(np.bincount(places, minlength=len(grid) + 1))[: len(grid)]
    wrong = np.cumsum(np.bincount(places, weights=~is_right, minlength=len(grid) + 1))[: len(grid)]
    reached = (marked > 0) & (wrong >= error_rate * marked) & (marked <= max_marked * len(truth))
    if not reached.any():
        return MinConfidence(0.0, 0.0, None)
    # Between two observed confidences every threshold marks the same rows: take the lowest of those.
    chosen = int(np.searchsorted(marked, marked[np.flatnonzero(reached)[-1]]))
    return MinConfidence(
        float(grid[chosen]), float(marked[chosen] / len(truth)), float(wrong[chosen] / marked[chosen])
    )


def winners(truth: Codes, probabilities: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return each row's confidence, and whether it is right."""
    rows_that_match(truth, probabilities)
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == truth


def _edges(confidence: Floats, bins: int, binning: Binning) -> Floats:
    if binning is Binning.EQUAL_WIDTH:
        return np.linspace(0.0, 1.0, bins + 1)
    inner = np.quantile(confidence, np.linspace(0.0, 1.0, bins + 1)[1:-1], method="inverted_cdf")
    return np.unique(np.concatenate([[0.0], inner, [1.0]]))


def _places(confidence: Floats, edges: Floats) -> NDArray[np.intp]:
    # A sum of probabilities may exceed 1 by rounding: the outer edges are open.
    return np.searchsorted(edges[1:-1], confidence, side="left")
