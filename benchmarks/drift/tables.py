"""The tables of docs/benchmarks.md from measured counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from statistics import median

from benchmarks.drift.records import Alarms, alarms_in, delays_in
from benchmarks.drift.window_check import Kept
from scipy.stats import binomtest

from opinionlens.drift.measures import domain_classifier
from opinionlens.drift.measures.known_measures import MEASURES
from opinionlens.drift.thresholds import DOMAIN_SHARE

RATE = 0.01
NAMES = (*(one.name for one in MEASURES), domain_classifier.NAME)
STATED = {Kept.TEXTS: RATE, Kept.SUMS: RATE * (1 - DOMAIN_SHARE), Kept.ROWS: RATE * (1 - DOMAIN_SHARE)}


def print_tables(file: Path) -> None:
    """Print every table that there are counts for."""
    for kind in ("false alarms", "references"):
        _print(_alarm_rows(alarms_in(file, kind)))
    detection = alarms_in(file, "detection")
    for kept in Kept:
        _print(_detection_rows(detection, kept))
        _print(_measure_rows(detection, kept))
    _print(_delay_rows(file))


def exact_interval(count: int, windows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, by Clopper and Pearson."""
    found = binomtest(count, windows).proportion_ci(method="exact")
    return float(found.low), float(found.high)


def _print(rows: Iterator[Sequence[str]]) -> None:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if lines:
        lines.insert(1, f"|{'---|' * (lines[0].count('|') - 1)}")
        print("\n".join(lines), end="\n\n")


def _share(count: int, windows: int) -> str:
    low, high = exact_interval(count, windows)
    return f"{count / windows:.1%} ({low:.1%}–{high:.1%})"


def _alarm_rows(found: Sequence[Alarms]) -> Iterator[Sequence[str]]:
    if not found:
        return
    yield ("words", "texts", "windows", "stated", "alarms", *NAMES)
    for one in found:
        measures = [
            _share(one.by_measure[name], one.windows) if name in one.by_measure else "–" for name in NAMES
        ]
        stated = f"{STATED[Kept(one.kept)]:.1%}"
        yield (
            one.kept,
            f"{one.size:,}",
            f"{one.windows:,}",
            stated,
            _share(one.alarms, one.windows),
            *measures,
        )


def _detection_rows(found: Sequence[Alarms], kept: Kept) -> Iterator[Sequence[str]]:
    """Yield percentages of windows detected, by shift and share of shifted texts."""
    by_key = {(one.shift, one.share, one.size): one for one in found if one.kept == kept}
    if not by_key:
        return
    shifts, shares, sizes = (sorted({key[place] for key in by_key}) for place in range(3))
    yield (f"shift ({kept})", "share of texts", *(f"{size:,}" for size in sizes))
    for shift, share in product(shifts, shares):
        cells = [_percent(by_key.get((shift, share, size)), "alarms") for size in sizes]
        yield (shift, f"{share:.0%}", *cells)


def _measure_rows(found: Sequence[Alarms], kept: Kept) -> Iterator[Sequence[str]]:
    """Yield percentages of windows detected by each measure."""
    measured = [one for one in found if one.kept == kept]
    if not measured:
        return
    names = [name for name in NAMES if name in measured[0].by_measure]
    yield (f"shift ({kept})", "share of texts", "texts", "windows", *names)
    for one in sorted(measured, key=lambda one: (one.shift, one.share, one.size)):
        cells = [f"{100 * one.by_measure.get(name, 0) / one.windows:.0f}" for name in names]
        yield (one.shift, f"{one.share:.0%}", f"{one.size:,}", str(one.windows), *cells)


def _percent(one: Alarms | None, name: str) -> str:
    return "–" if one is None else f"{100 * getattr(one, name) / one.windows:.0f}"


def _delay_rows(file: Path) -> Iterator[Sequence[str]]:
    found = delays_in(file)
    if not found:
        return
    sizes = sorted({one.size for one in found})
    yield ("shift", *(f"{size:,}" for size in sizes))
    for kept, shift in dict.fromkeys((one.kept, one.shift) for one in found):
        cells = []
        for size in sizes:
            texts = [
                count
                for one in found
                if (one.kept, one.shift, one.size) == (kept, shift, size)
                for count in one.texts
            ]
            cells.append(delay_cell(texts))
        yield (f"{shift} ({kept})", *cells)


def delay_cell(texts: Sequence[int | None]) -> str:
    """Return median and worst delay, and how many streams gave no alarm."""
    if not texts:
        return "–"
    counted = sorted(float("inf") if one is None else one for one in texts)
    middle, worst = median(counted), counted[-1]
    missed = texts.count(None)
    said = [f"{one:,.0f}" if one != float("inf") else "never" for one in (middle, worst)]
    return f"{said[0]} ({said[1]})" if not missed else f"{said[0]} (never in {missed} of {len(texts)})"
