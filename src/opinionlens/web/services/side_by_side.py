"""Figures of versions side by side. Pure.

The best of each row is marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from opinionlens.evaluation.intervals import wilson
from opinionlens.web.services.card_tables import extra_of
from opinionlens.web.services.version_figures import Tables, VersionFigures

_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))


class Better(Enum):
    """The direction in which a figure improves."""

    HIGHER = "higher is better"
    LOWER = "lower is better"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one version.

    `value` is None where it is missing. `shown` is its text, or says why there is none; figures with one text
    are equally good. `note` has the number of texts and the interval of 95 %, where they are known.
    """

    value: float | None
    shown: str
    note: str = ""
    n: float | None = None


@dataclass(frozen=True, slots=True)
class FigureCell:
    """A figure and its mark."""

    figure: Figure
    is_best: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether there is no figure."""
        return self.figure.value is None


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure of all versions.

    `hint` says how to read it, and why none is marked as the best.
    """

    name: str
    cells: Sequence[FigureCell]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """Rows that belong together."""

    title: str
    rows: Sequence[FigureRow]
    words: str = ""


Measure = Callable[[VersionFigures], Figure]

_MISSING = Figure(None, "not recorded")
_NOT_THERE = Figure(None, "no such texts there")


def side_by_side(versions: Sequence[VersionFigures]) -> list[FigureGroup]:
    """Return the groups of figures; empty ones are left out."""
    groups = [
        _test_split(versions),
        FigureGroup(
            "Kinds of texts", _table_rows(versions, "slices"), "Macro F1 on slices of the test split."
        ),
        FigureGroup(
            "Sources", _table_rows(versions, "sources"), "Macro F1 on the test texts of each source."
        ),
        FigureGroup(
            "Texts of other kinds",
            _table_rows(versions, "other_kinds"),
            "Macro F1 on labelled texts that it has not learnt from.",
        ),
        _everyday(versions),
        _calibration(versions),
        _cost(versions),
    ]
    return [group for group in groups if group.rows]


def _test_split(versions: Sequence[VersionFigures]) -> FigureGroup:
    rows = [
        _row("Macro F1", versions, lambda one: _score(one.scores, "macro_f1"), Better.HIGHER),
        _row("Accuracy", versions, lambda one: _share(one.scores, "accuracy"), Better.HIGHER),
    ]
    return FigureGroup("Test split", rows, "Texts of its own sources that it has not seen.")


def _table_rows(versions: Sequence[VersionFigures], table: str) -> list[FigureRow]:
    def measure(name: str) -> Measure:
        return lambda one: _score(one.table(table).get(name, {}), "macro_f1")

    names = _names(one.table(table) for one in versions)
    return [_row(_readable(name), versions, measure(name), Better.HIGHER) for name in names]


def _everyday(versions: Sequence[VersionFigures]) -> FigureGroup:
    def of(one: VersionFigures) -> Mapping[str, float]:
        return one.table("everyday").get("all", {})

    rows = [
        _row("Right", versions, lambda one: _share(of(one), "accuracy"), Better.HIGHER),
        _row(
            "Negated and wrong above 0.9",
            versions,
            lambda one: _count(of(one), "sure_and_wrong"),
            Better.LOWER,
        ),
    ]
    return FigureGroup("Everyday sentences", rows, "Short plain sentences, kept apart from training.")


def _calibration(versions: Sequence[VersionFigures]) -> FigureGroup:
    def measure(table: str, name: str) -> Measure:
        return lambda one: _error(one.table(table).get(name, {}))

    rows = [
        _row("Test split", versions, lambda one: _error(one.scores), Better.LOWER),
        _row("Everyday sentences", versions, measure("everyday", "all"), Better.LOWER),
        *(
            _row(_readable(name), versions, measure("other_kinds", name), Better.LOWER)
            for name in _names(one.table("other_kinds") for one in versions)
        ),
    ]
    return FigureGroup("Calibration error", rows, "How far confidence and truth are apart; lower is better.")


def _cost(versions: Sequence[VersionFigures]) -> FigureGroup:
    rows = [
        _row("Size on disk", versions, _size, Better.LOWER),
        _row("One text alone", versions, lambda one: _microseconds(one, "alone_us"), Better.LOWER),
        _row("A text among many", versions, lambda one: _microseconds(one, "together_us"), Better.LOWER),
        _row("Needs to serve", versions, _needs, None),
    ]
    return FigureGroup(
        "Cost",
        rows,
        "Times are of the processor, measured where each was registered; elsewhere they are others.",
    )


def _row(name: str, versions: Sequence[VersionFigures], measure: Measure, better: Better | None) -> FigureRow:
    figures = [measure(one) for one in versions]
    found = [figure for figure in figures if figure.value is not None]
    if better is None or len(found) < 2:
        return FigureRow(name, [FigureCell(figure) for figure in figures])
    if len({figure.n for figure in found}) > 1:
        return FigureRow(
            name, [FigureCell(figure) for figure in figures], "On different texts, so none is the best."
        )
    pick = max if better is Better.HIGHER else min
    best = pick(found, key=lambda figure: figure.value or 0.0).shown
    is_told_apart = len({figure.shown for figure in found}) > 1
    return FigureRow(name, [FigureCell(figure, is_told_apart and figure.shown == best) for figure in figures])


def _score(table: Mapping[str, float], name: str) -> Figure:
    return _measured(table, name, lambda value: f"{value:.3f}")


def _error(table: Mapping[str, float]) -> Figure:
    return _measured(table, "ece", lambda value: f"{value:.3f}")


def _count(table: Mapping[str, float], name: str) -> Figure:
    return _measured(table, name, lambda value: f"{value:.0f}")


def _share(table: Mapping[str, float], name: str) -> Figure:
    """Return a share of texts; its interval follows from n."""
    value, n = table.get(name), table.get("n")
    if value is not None and n and f"{name}_low" not in table and 0 <= value <= 1:
        interval = wilson(round(value * n), round(n))
        table = {**table, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return _measured(table, name, lambda share: f"{share * 100:.1f} %")


def _measured(table: Mapping[str, float], name: str, show: Callable[[float], str]) -> Figure:
    n, value = table.get("n"), table.get(name)
    if n == 0:
        return _NOT_THERE
    if value is None:
        return _MISSING
    low, high = table.get(f"{name}_low"), table.get(f"{name}_high")
    parts = [] if low is None or high is None else [f"{show(low)} to {show(high)}"]
    parts += [] if n is None else [f"n = {n:,.0f}"]
    return Figure(value, show(value), ", ".join(parts), n)


def _size(one: VersionFigures) -> Figure:
    if one.size_bytes is None:
        return _MISSING
    unit, name = next(((unit, name) for unit, name in _UNITS if one.size_bytes >= unit), (1, "bytes"))
    amount = one.size_bytes / unit
    return Figure(
        one.size_bytes, f"{amount:.1f} {name}" if unit > 1 and amount < 10 else f"{amount:.0f} {name}"
    )


def _microseconds(one: VersionFigures, name: str) -> Figure:
    value = one.speed.get(name)
    if value is None:
        return _MISSING
    return Figure(value, f"{value:,.0f} µs" if value >= 10 else f"{value:.1f} µs")


def _needs(one: VersionFigures) -> Figure:
    if one.kind is None:
        return Figure(None, "not known")
    extra = extra_of(one.kind)
    return Figure(0.0, "nothing more" if extra is None else f"opinionlens[{extra}]")


def _names(tables: Iterable[Tables]) -> list[str]:
    """Return the names in all tables, each once."""
    return list(dict.fromkeys(name for table in tables for name in table))


def _readable(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
