"""View model of the report on labelled texts. Pure.

It holds places in pictures, shades and words for the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jinja2
from markupsafe import Markup

from opinionlens.evaluation.intervals import Interval
from opinionlens.evaluation.own_data_report import (
    COMMONEST,
    ClassFigures,
    Compared,
    OwnDataReport,
    WrongAnswer,
)
from opinionlens.evaluation.own_data_words import how_measured, percent, reason_words, signed, summary
from opinionlens.evaluation.reliability import ReliabilityBin
from opinionlens.text.labels import LABELS, Label

# How dark a cell of the confusion table may get; the style sheet has a rule for each.
_SHADES = 5
# The picture of differences shows at least from -0.1 to 0.1, so that trifles look like trifles.
_LEAST_REACH = 0.1
_PLOT = 200.0


@dataclass(frozen=True, slots=True)
class Line:
    """An interval in a picture 100 wide.

    From `low` to `high`, with its value at `at`.
    """

    low: float
    at: float
    high: float


@dataclass(frozen=True, slots=True)
class Other:
    """A model or rule that the model is compared with.

    `standing` is better, worse, or unclear.
    """

    facts: Compared
    line: Line | None
    standing: str


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class, and its F1 in a picture."""

    facts: ClassFigures
    line: Line | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A count of the confusion table and its shade.

    The shade follows from its share of the row.
    """

    count: int
    shade: int
    is_right: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """A group of answers of similar confidence in the plot.

    In the plot, a smaller `y` is further up.
    """

    facts: ReliabilityBin
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong answer, and the reason if it is uncertain."""

    facts: WrongAnswer
    doubt: str | None


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything that the template shows."""

    report: OwnDataReport
    answers: tuple[str, ...]
    method: tuple[str, ...]
    others: tuple[Other, ...]
    reach: float
    classes: tuple[ClassRow, ...]
    shown: tuple[Label, ...]
    confusion: tuple[tuple[Label, tuple[Cell, ...]], ...]
    bins: tuple[Bin, ...]
    wrong: tuple[Wrong, ...]


def report_view(report: OwnDataReport) -> ReportView:
    """Return the view of a report for its template."""
    reach = _reach(report.compared)
    shown = tuple(label for label in LABELS if not (report.two_class and label is Label.NEUTRAL))
    return ReportView(
        report=report,
        answers=summary(report),
        method=how_measured(report),
        others=tuple(_other(one, reach) for one in report.compared),
        reach=reach,
        classes=tuple(map(_class_row, report.figures.classes)),
        shown=shown,
        confusion=_confusion(report.figures.confusion, shown),
        bins=_bins(report.calibration.bins),
        wrong=tuple(
            Wrong(one, reason_words(one.uncertain) if one.uncertain else None) for one in report.wrong
        ),
    )


def report_fragment(templates: jinja2.Environment, report: OwnDataReport) -> Markup:
    """Return the report as a part of a page."""
    view = report_view(report)
    page = templates.get_template("report/body.html")
    return Markup(page.render(view=view, percent_of=percent, signed=signed))  # noqa: S704 - it escapes


def report_file(
    templates: jinja2.Environment, report: OwnDataReport, *, styles: Sequence[str], version: str
) -> str:
    """Return the report as one page with its styles inside."""
    page = templates.get_template("report/file.html")
    css = Markup("\n".join(styles).replace("</", "<\\/"))  # noqa: S704 - our own style sheets
    return page.render(view=report_view(report), percent_of=percent, signed=signed, css=css, version=version)


def _reach(compared: Sequence[Compared]) -> float:
    """Return the largest difference that the picture shows.

    Everything is far ahead of the commonest class, which has no picture: it would make all others small.
    """
    drawn = [one.ahead for one in compared if one.name != COMMONEST]
    return max([_LEAST_REACH, *(abs(end) for ahead in drawn for end in (ahead.low, ahead.high))])


def _other(one: Compared, reach: float) -> Other:
    low, at, high = (
        round(50 + 50 * value / reach, 2) for value in (one.ahead.low, one.ahead.value, one.ahead.high)
    )
    line = None if one.name == COMMONEST else Line(low, at, high)
    return Other(one, line, _standing(one.ahead))


def _standing(ahead: Interval) -> str:
    return "better" if ahead.low > 0 else "worse" if ahead.high < 0 else "unclear"


def _class_row(one: ClassFigures) -> ClassRow:
    line = (
        None
        if one.f1 is None
        else Line(*(round(100 * value, 2) for value in (one.f1.low, one.f1.value, one.f1.high)))
    )
    return ClassRow(one, line)


def _confusion(
    table: Sequence[Sequence[int]], shown: Sequence[Label]
) -> tuple[tuple[Label, tuple[Cell, ...]], ...]:
    codes = [LABELS.index(label) for label in shown]
    rows = []
    for label, code in zip(shown, codes, strict=True):
        total = sum(table[code])
        if total:
            cells = [
                Cell(table[code][other], round(_SHADES * table[code][other] / total), other == code)
                for other in codes
            ]
            rows.append((label, tuple(cells)))
    return tuple(rows)


def _bins(bins: Sequence[ReliabilityBin]) -> tuple[Bin, ...]:
    most = max((one.n for one in bins), default=1)
    return tuple(
        Bin(
            one,
            round(_PLOT * one.mean_confidence, 1),
            round(_PLOT * (1 - one.accuracy), 1),
            round(3 + 7 * (one.n / most) ** 0.5, 1),
        )
        for one in bins
    )
