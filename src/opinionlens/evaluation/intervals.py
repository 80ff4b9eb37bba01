"""Confidence intervals of scores.

Wilson's for shares, the bootstrap for statistics of a confusion table. Drawing n rows with replacement and
counting them in a table is the same as drawing the table's cells from a multinomial distribution, so no row
is ever touched: a resample costs 9 cells, or 27 when two classifiers are paired.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from opinionlens.evaluation.codes import Codes, Counts, Floats, rows_that_match
from opinionlens.evaluation.confusion import Statistic, confusion_table, macro_f1
from opinionlens.text.labels import LABELS


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value with its confidence limits."""

    value: float
    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Challenger minus champion on the same rows.

    `interval.value` is the measured difference.
    """

    challenger: float
    champion: float
    interval: Interval


def wilson(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Return Wilson's score interval of a share.

    Unlike the textbook interval it is right near 0 and 1.

    Raises:
        ValueError: no rows, or more successes than rows.
    """
    if n <= 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share.")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At 0 of n and n of n the limit is exact in theory; rounding must not move it past the value.
    return Interval(share, min(max(0.0, middle - reach), share), max(min(1.0, middle + reach), share), level)


def bootstrap(
    truth: Codes,
    predicted: Codes,
    statistic: Statistic = macro_f1,
    *,
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
    stratified: bool = True,
) -> Interval:
    """Return the percentile interval of a confusion table's statistic.

    Args:
        truth: codes.
        predicted: codes of the same rows.
        statistic: any function of tables.
        seed: the same seed gives the same interval.
        resamples: how many tables are drawn.
        level: confidence level.
        stratified: keep the number of rows of each true class, as the split does; otherwise it varies too.
    """
    table = confusion_table(truth, predicted)
    draws = _draw(table, seed=seed, resamples=resamples, stratified=stratified)
    return _percentile_interval(float(statistic(table)), statistic(draws), level)


def paired_bootstrap(
    truth: Codes,
    *,
    challenger: Codes,
    champion: Codes,
    statistic: Statistic = macro_f1,
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
    stratified: bool = True,
) -> Difference:
    """Return the percentile interval of challenger minus champion.

    Every resample draws the same rows for both.
    """
    rows_that_match(truth, challenger, champion)
    k = len(LABELS)
    cells = (
        np.bincount((truth * k + challenger) * k + champion, minlength=k**3).reshape(k, k, k).astype(np.int64)
    )
    draws = _draw(cells, seed=seed, resamples=resamples, stratified=stratified)
    ours, theirs = float(statistic(cells.sum(axis=2))), float(statistic(cells.sum(axis=1)))
    differences = statistic(draws.sum(axis=3)) - statistic(draws.sum(axis=2))
    return Difference(ours, theirs, _percentile_interval(ours - theirs, differences, level))


def _draw(cells: Counts, *, seed: int, resamples: int, stratified: bool) -> Counts:
    """Return resampled copies of a table.

    The table's first axis is the truth; the copies are on a new leading axis.
    """
    generator = np.random.default_rng(seed)
    strata = cells.reshape(len(cells), -1) if stratified else cells.reshape(1, -1)
    drawn = [
        generator.multinomial(int(counts.sum()), counts / max(int(counts.sum()), 1), size=resamples)
        if counts.any()
        else np.zeros((resamples, counts.size), dtype=np.int64)
        for counts in strata
    ]
    return np.stack(drawn, axis=1).reshape(resamples, *cells.shape)


def _percentile_interval(value: float, resampled: Floats, level: float) -> Interval:
    low, high = np.quantile(resampled, [0.5 - level / 2, 0.5 + level / 2])
    return Interval(value, float(low), float(high), level)
