"""Geometry of the history lines of drift. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 320.0, 110.0
# Room above the highest point, so that its mark is not cut.
_HEADROOM = 1.15


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One check of one measure.

    Attributes:
        at: when it was made.
        value: that was measured.
        threshold: above it is drift; None where there was none.
        model: that the check was about.
    """

    at: datetime
    value: float
    threshold: float | None
    model: str

    @property
    def is_above(self) -> bool:
        """Whether the value is above the threshold."""
        return self.threshold is not None and self.value > self.threshold


@dataclass(frozen=True, slots=True)
class Dot:
    """A point's place; a smaller `y` is further up."""

    x: float
    y: float
    is_above: bool


@dataclass(frozen=True, slots=True)
class HistoryChart:
    """A line of values with its line of thresholds.

    Attributes:
        ident: unique on the page.
        title: of the measure.
        description: the picture in words.
        points: the oldest first.
        dots: one for each point.
        line: the values, as points of a polyline.
        limit: the thresholds, as pieces of a path.
        changes: places where another model was checked from then on.
    """

    ident: str
    title: str
    description: str
    points: tuple[ChartPoint, ...]
    dots: tuple[Dot, ...]
    line: str
    limit: str
    changes: tuple[float, ...]


def history_chart(
    ident: str, title: str, points: Sequence[ChartPoint], *, baseline: float = 0.0, top: float | None = None
) -> HistoryChart:
    """Return the chart of a measure's checks.

    Args:
        ident: unique on the page.
        title: of the measure.
        points: at least one, the oldest first.
        baseline: the value at the bottom.
        top: the value at the top; by default above all values and thresholds.
    """
    limits = [point.threshold for point in points if point.threshold is not None]
    least = min(baseline, *(point.value for point in points))
    most = top if top is not None else least + _HEADROOM * (max(point.value for point in points) - least)
    if top is None and limits:
        most = max(most, least + _HEADROOM * (max(limits) - least))
    reach = most - least or 1.0

    def y_of(value: float) -> float:
        return round(HEIGHT * (1 - (value - least) / reach), 1)

    places = _places([point.at for point in points])
    dots = tuple(Dot(x, y_of(point.value), point.is_above) for x, point in zip(places, points, strict=True))
    return HistoryChart(
        ident=ident,
        title=title,
        description=_description(points),
        points=tuple(points),
        dots=dots,
        line=" ".join(f"{dot.x},{dot.y}" for dot in dots),
        limit=_limit(places, [None if p.threshold is None else y_of(p.threshold) for p in points]),
        changes=tuple(
            round((places[i - 1] + places[i]) / 2, 1)
            for i in range(1, len(points))
            if points[i].model != points[i - 1].model
        ),
    )


def _places(times: Sequence[datetime]) -> list[float]:
    """Return places between the edges, in proportion to time."""
    whole = (times[-1] - times[0]).total_seconds()
    if whole <= 0:  # one check, or several at once
        return [round(WIDTH * (i + 1) / (len(times) + 1), 1) for i in range(len(times))]
    return [round(WIDTH * (at - times[0]).total_seconds() / whole, 1) for at in times]


def _limit(places: Sequence[float], heights: Sequence[float | None]) -> str:
    """Return the thresholds as level steps, each around its check."""
    pieces = []
    for i, (x, y) in enumerate(zip(places, heights, strict=True)):
        if y is None:
            continue
        left = 0.0 if i == 0 else (places[i - 1] + x) / 2
        right = WIDTH if i == len(places) - 1 else (x + places[i + 1]) / 2
        pieces.append(f"M{left:.1f} {y}H{right:.1f}")
    return "".join(pieces)


def _description(points: Sequence[ChartPoint]) -> str:
    last, above = points[-1], sum(point.is_above for point in points)
    checks = "One check" if len(points) == 1 else f"{len(points)} checks"
    limit = "" if last.threshold is None else f", its threshold {last.threshold:.3g}"
    return f"{checks}, {above or 'none'} above the threshold. The last value is {last.value:.3g}{limit}."
