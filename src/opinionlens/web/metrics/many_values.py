"""Histogram and summary that take many values at once.

The client library takes one at a time, with a lock for each number that changes. What is added here builds on
its private numbers; `pyproject.toml` bounds its version, and a test compares both ways.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Sequence

import prometheus_client


class Histogram(prometheus_client.Histogram):
    """Histogram with a way to observe many values."""

    def observe_many(self, values: Sequence[float]) -> None:
        """Observe each of the values."""
        self._sum.inc(sum(values))
        for place, count in Tally(bisect_left(self._upper_bounds, value) for value in values).items():
            self._buckets[place].inc(count)


class Summary(prometheus_client.Summary):
    """Summary with a way to observe many values."""

    def observe_many(self, values: Sequence[float]) -> None:
        """Observe each of the values."""
        self._count.inc(len(values))
        self._sum.inc(sum(values))
