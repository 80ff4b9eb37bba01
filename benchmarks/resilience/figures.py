"""What a run's requests amount to, over time and after each fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tests.stack.load import Noted

BIN_SECONDS = 5.0


@dataclass(frozen=True)
class OverTime:
    """Figures of each bin of five seconds; milliseconds are nan where nothing was answered."""

    minutes: NDArray[np.float64]
    p50: NDArray[np.float64]
    p99: NDArray[np.float64]
    failed: NDArray[np.int64]


@dataclass(frozen=True)
class Phase:
    """What clients saw from one fault to the next."""

    name: str
    requests: int
    failures: str
    away_seconds: float
    p50: float
    p99: float

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        return (
            self.name,
            f"{self.requests:,}",
            self.failures,
            f"{self.away_seconds:.1f}",
            f"{self.p50:.1f}",
            f"{self.p99:.1f}",
        )


def over_time(noted: Sequence[Noted], began: float, seconds: float) -> OverTime:
    """Return percentiles and failures by bin.

    Args:
        noted: the requests, in any order.
        began: wall clock of the run's begin, in seconds.
        seconds: the run's length.
    """
    count = int(np.ceil(seconds / BIN_SECONDS))
    bins: list[list[Noted]] = [[] for _ in range(count)]
    for one in noted:
        place = int((one.began - began) // BIN_SECONDS)
        if 0 <= place < count:
            bins[place].append(one)
    return OverTime(
        minutes=(np.arange(count) + 0.5) * BIN_SECONDS / 60,
        p50=np.array([percentile(each, 50) for each in bins]),
        p99=np.array([percentile(each, 99) for each in bins]),
        failed=np.array([sum(one.status != 200 for one in each) for each in bins], dtype=np.int64),
    )


def phase_of(name: str, noted: Sequence[Noted], start: float, end: float) -> Phase:
    """Return what clients saw between two moments of the wall clock."""
    inside = sorted((one for one in noted if start <= one.began < end), key=lambda one: one.began)
    failed = [one for one in inside if one.status != 200]
    kinds = Counter(one.complaint or str(one.status) for one in failed)
    told = ", ".join(f"{count:,} × {kind}" for kind, count in kinds.most_common(3))
    return Phase(
        name,
        len(inside),
        f"{len(failed):,} ({told})" if failed else "0",
        failed[-1].began - failed[0].began if failed else 0.0,
        percentile(inside, 50),
        percentile(inside, 99),
    )


def percentile(noted: Sequence[Noted], share: float) -> float:
    """Return a percentile of the answered ones in milliseconds; nan of none."""
    times = [one.seconds for one in noted if one.status == 200]
    return float(np.percentile(times, share)) * 1_000 if times else float("nan")
