"""Measured counts as JSON lines, so that long measurements can be made in parts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from opinionlens.drift.comparison import WindowComparison
from opinionlens.drift.measures import domain_classifier


@dataclass
class Alarms:
    """Windows of one kind, and the alarms of the check and of each measure.

    Attributes:
        kind: of the measurement.
        kept: what the log kept of the texts.
        size: texts in a window.
        seed: of the draws.
        shift: its name; empty without.
        share: of shifted texts.
        windows: checked ones.
        alarms: of the whole check.
        without_domain: of all measures but the domain classifier.
        by_measure: windows with an alarm of each measure that could be taken.
    """

    kind: str
    kept: str
    size: int
    seed: int
    shift: str = ""
    share: float = 0.0
    windows: int = 0
    alarms: int = 0
    without_domain: int = 0
    by_measure: dict[str, int] = field(default_factory=dict)

    def count(self, found: WindowComparison) -> None:
        """Count one window."""
        self.windows += 1
        self.alarms += found.has_drifted
        drifted = {one.name for one in found.results if one.has_drifted}
        self.without_domain += bool(drifted - {domain_classifier.NAME})
        for one in found.results:
            if one.value is not None:
                self.by_measure[one.name] = self.by_measure.get(one.name, 0) + one.has_drifted

    def merged(self, other: Alarms) -> Alarms:
        """Return the counts of both."""
        counts = Counter(self.by_measure)
        counts.update(other.by_measure)
        return Alarms(
            self.kind, self.kept, self.size, self.seed, self.shift, self.share,
            self.windows + other.windows,
            self.alarms + other.alarms,
            self.without_domain + other.without_domain,
            dict(counts),
        )  # fmt: skip


@dataclass(frozen=True)
class Delays:
    """Shifted texts that a rolling window held at its first alarm; None where none came."""

    kept: str
    size: int
    seed: int
    shift: str
    texts: Sequence[int | None]
    kind: str = "delay"


def append(file: Path, record: Alarms | Delays) -> None:
    """Add a record to the file, and say so."""
    line = json.dumps(asdict(record))
    print(line, flush=True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")


def alarms_in(file: Path, kind: str) -> list[Alarms]:
    """Return one kind of counts, those of equal windows together."""
    found: dict[tuple[str, str, float, int], Alarms] = {}
    for values in _lines(file):
        if values["kind"] != kind:
            continue
        one = Alarms(**values)
        key = (one.kept, one.shift, one.share, one.size)
        found[key] = found[key].merged(one) if key in found else one
    return list(found.values())


def delays_in(file: Path) -> list[Delays]:
    """Return the measured delays."""
    return [Delays(**values) for values in _lines(file) if values["kind"] == "delay"]


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)
