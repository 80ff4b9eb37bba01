"""The report of `opinionlens evaluate` on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rich.console import Console
from rich.table import Table
from rich.text import Text

from opinionlens.evaluation.intervals import Interval
from opinionlens.evaluation.own_data_report import OwnDataReport
from opinionlens.evaluation.own_data_words import how_measured, reason_words, signed, summary
from opinionlens.text.labels import LABELS, Label

_SHOWN_WRONG = 10
_DASH = "–"


def print_report(report: OwnDataReport, console: Console) -> None:
    """Print the answer first, then the tables behind it."""
    console.print(Text(f"{report.figures.name} on {report.data.file}", style="bold"))
    for line in summary(report):
        console.print(f"  {line}", soft_wrap=True)
    for table in (_beside(report), _classes(report), _confusion(report), _bins(report), _wrong(report)):
        if table.row_count:
            console.print()
            console.print(table)
    console.print()
    for line in how_measured(report):
        console.print(line, style="dim", soft_wrap=True)


def _table(title: str, *columns: str, texts: int = 1) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < texts else "right", overflow="fold")
    return table


def _beside(report: OwnDataReport) -> Table:
    table = _table("Beside others", "", "macro F1", "macro recall", "accuracy", "ECE", "ahead in macro F1")
    figures = report.figures
    scores = (
        figures.macro_f1.value,
        figures.macro_recall.value,
        figures.accuracy.value,
        report.calibration.ece,
    )
    table.add_row(figures.name, *map(_score, scores), "")
    for one in report.compared:
        scored = map(_score, (one.macro_f1, one.macro_recall, one.accuracy, one.ece))
        table.add_row(one.name, *scored, _ahead(one.ahead))
    return table


def _classes(report: OwnDataReport) -> Table:
    table = _table("By class", "", "texts", "precision", "recall", "F1")
    for one in report.figures.classes:
        shares = map(_with_limits, (one.precision, one.recall, one.f1))
        table.add_row(one.label.value.lower(), f"{one.support:,}", *shares)
    macro = map(_with_limits, (report.figures.macro_recall, report.figures.macro_f1))
    table.add_row("mean", f"{report.n:,}", "", *macro)
    return table


def _confusion(report: OwnDataReport) -> Table:
    codes = [code for code, label in enumerate(LABELS) if not report.two_class or label is not Label.NEUTRAL]
    names = [LABELS[code].value.lower() for code in codes]
    table = _table("Right (rows) and answered (columns)", "", *names)
    for code, name in zip(codes, names, strict=True):
        counts = [report.figures.confusion[code][other] for other in codes]
        if sum(counts):
            table.add_row(name, *(f"{count:,}" for count in counts))
    return table


def _bins(report: OwnDataReport) -> Table:
    table = _table("Does its confidence mean what it says?", "confidence", "answers", "mean", "right")
    for one in report.calibration.bins:
        means = map(_score, (one.mean_confidence, one.accuracy))
        table.add_row(f"{one.low:.1f} to {one.high:.1f}", f"{one.n:,}", *means)
    return table


def _wrong(report: OwnDataReport) -> Table:
    table = _table("The surest wrong answers", "row", "right is", "answered", "confidence", "text", texts=5)
    for one in report.wrong[:_SHOWN_WRONG]:
        doubt = f", {reason_words(one.uncertain)}" if one.uncertain else ""
        answered = f"{one.predicted.value.lower()}{doubt}"
        table.add_row(f"{one.row:,}", one.truth.value.lower(), answered, f"{one.confidence:.2f}", one.text)
    return table


def _optional(write: Callable[[Interval], str], value: Interval | None) -> str:
    return _DASH if value is None else write(value)


def _limits(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.2f}–{interval.high:.2f})"


_with_limits = partial(_optional, _limits)


def _ahead(interval: Interval) -> str:
    return f"{signed(interval.value)} ({signed(interval.low)} to {signed(interval.high)})"


def _score(value: float | None) -> str:
    return _DASH if value is None else f"{value:.3f}"
