"""From measurements to figures and tables. Nothing here measures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """What the middle round gave, and the lowest and highest."""

    middle: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarise at least one value."""
        return cls(median(values), min(values), max(values))

    def shown(self, digits: int = 0) -> str:
        """Return it as `middle (lowest to highest)`; alone where all are equal."""
        middle, low, high = (f"{value:,.{digits}f}" for value in (self.middle, self.lowest, self.highest))
        return middle if low == high else f"{middle} ({low} to {high})"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of the values do not exceed.

    Raises:
        ValueError: there are no values, or `share` is not in (0, 1].
    """
    if not values or not 0 < share <= 1:
        raise ValueError("a percentile needs values and a share above 0 and up to 1")
    return sorted(values)[math.ceil(share * len(values)) - 1]


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return limits of the 95 % interval of a median.

    Two of the values themselves, so that it holds for any distribution; of fewer than 6 the outermost, which
    hold less.
    """
    ordered, n = sorted(values), len(values)
    cut, beyond = 0, 1 / 2**n
    # As many values lie below the median as fair coins show heads.
    while (more := beyond + math.comb(n, cut + 1) / 2**n) <= 0.025:
        cut, beyond = cut + 1, more
    return ordered[cut], ordered[-1 - cut]


def ratios(ours: Sequence[float], others: Sequence[Sequence[float]]) -> list[float]:
    """Return, for each round, ours over the best of the others in that round; more is better."""
    return [mine / max(theirs) for mine, *theirs in zip(ours, *others, strict=True)]


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; every row has as many cells as the head."""
    if any(len(row) != len(head) for row in rows):
        raise ValueError("a row of the table has another length than its head")
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
