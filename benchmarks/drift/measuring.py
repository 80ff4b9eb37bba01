"""The measurements: windows drawn, checked and counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from benchmarks.drift.records import Alarms, Delays, append
from benchmarks.drift.shifts import Traffic
from benchmarks.drift.window_check import Answer, Kept, WindowCheck

from opinionlens.drift.profile import TextProfile
from opinionlens.drift.profile_building import build_profile
from opinionlens.jobs.drift_check import CheckedModel
from opinionlens.text.recipe import NEGATED

RESAMPLES = 4_000
# Of a rolling window: how much of it is shifted when it is looked at.
LOOKS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 1.0)


@dataclass(frozen=True)
class Measurement:
    """What all measurements share.

    Attributes:
        model: whose check it is.
        results: the file that counts are added to.
        seed: of the draws.
        minutes: no new windows after them.
    """

    model: CheckedModel
    results: Path
    seed: int
    minutes: float

    def is_over(self, started: float) -> bool:
        """Whether the time is up."""
        return time.monotonic() - started > 60 * self.minutes


def measure_false_alarms(
    how: Measurement, traffic: Traffic, kept: Kept, sizes: Sequence[int], windows: int
) -> None:
    """Check windows without any shift."""
    started = time.monotonic()
    check = WindowCheck(how.model, kept)
    for size in sizes:
        chance = np.random.default_rng([how.seed, size])
        found = Alarms("false alarms", kept, size, how.seed)
        while found.windows < windows and not how.is_over(started):
            texts = traffic.window(chance, size)
            assert texts is not None, "There are fewer texts than in a window."
            found.count(check(texts))
        append(how.results, found)


def measure_references(how: Measurement, traffic: Traffic, sizes: Sequence[int], references: int) -> None:
    """Check disjoint windows against many references, each made of one half of the usual texts.

    The other half gives the windows. So the luck of one reference and of one lot of texts is averaged over.
    Thresholds are those of the first half: they depend on the number of texts, hardly on which.
    """
    started = time.monotonic()
    kinds = [(kept, size) for kept in (Kept.SUMS, Kept.ROWS) for size in sizes]
    found = {kind: Alarms("references", *kind, how.seed) for kind in kinds}
    thresholds: TextProfile | None = None
    for number in range(references):
        if how.is_over(started):
            break
        chance = np.random.default_rng([how.seed, number])
        half, rest = np.array_split(chance.permutation(len(traffic.usual)), 2)
        answers = [traffic.usual[row] for row in half]
        profile = _profile(how.model, answers, seed=number, resamples=RESAMPLES if thresholds is None else 1)
        thresholds = thresholds or profile
        model = replace(how.model, profile=replace(profile, spreads=thresholds.spreads))
        for kept, size in kinds:
            check = WindowCheck(model, kept)
            for start in range(0, len(rest) - size + 1, size):
                found[kept, size].count(check([traffic.usual[row] for row in rest[start : start + size]]))
    for one in found.values():
        append(how.results, one)


def _profile(model: CheckedModel, answers: Sequence[Answer], *, seed: int, resamples: int) -> TextProfile:
    """Return a profile of other texts."""
    knows = model.knows
    assert knows is not None, "The vocabulary has no single words."
    words = {term.removesuffix(NEGATED) for one in answers for term in one.terms}
    return build_profile(
        [one.text for one in answers],
        np.array([one.prediction.probabilities for one in answers]),
        {word for word in words if knows(word)},
        model.recipe,
        seed=seed,
        resamples=resamples,
    )


def measure_detection(
    how: Measurement,
    traffic: Traffic,
    kept: Kept,
    sizes: Sequence[int],
    shares: Sequence[float],
    windows: int,
) -> None:
    """Check windows in which each shift has a share."""
    started = time.monotonic()
    check = WindowCheck(how.model, kept)
    for size, share, (place, shift) in product(sizes, shares, enumerate(traffic.shifts)):
        chance = np.random.default_rng([how.seed, size, place, round(1_000 * share)])
        found = Alarms("detection", kept, size, how.seed, shift, share)
        while found.windows < windows and not how.is_over(started):
            texts = traffic.window(chance, size, shift, share)
            if texts is None:
                break
            found.count(check(texts))
        if found.windows:
            append(how.results, found)


def measure_delays(
    how: Measurement, traffic: Traffic, kept: Kept, sizes: Sequence[int], streams: int
) -> None:
    """Roll windows over streams that turn from usual to shifted texts."""
    started = time.monotonic()
    check = WindowCheck(how.model, kept)
    for size, (place, shift) in product(sizes, enumerate(traffic.shifts)):
        chance = np.random.default_rng([how.seed, size, place])
        found: list[int | None] = []
        while len(found) < streams and not how.is_over(started):
            parts = traffic.parts(chance, size, shift, size)
            if parts is None:
                break
            found.append(first_alarm(*parts, lambda texts: check(texts).has_drifted))
        if found:
            append(how.results, Delays(kept, size, how.seed, shift, found))


def first_alarm(
    usual: Sequence[Answer], shifted: Sequence[Answer], alarms: Callable[[Sequence[Answer]], bool]
) -> int | None:
    """Return the shifted texts in the rolling window at its first alarm; None where none came."""
    size = len(usual)
    for look in LOOKS:
        count = round(size * look)
        if alarms([*usual[count:], *shifted[:count]]):
            return count
    return None
