"""Places, shades and standings of the report's pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opinionlens.evaluation.intervals import Interval
from opinionlens.evaluation.own_data_report import (
    CalibrationFacts,
    Certainty,
    ClassFigures,
    Compared,
    DataFacts,
    Figures,
    OwnDataReport,
    WrongAnswer,
)
from opinionlens.evaluation.reliability import ReliabilityBin
from opinionlens.text.labels import Label
from opinionlens.web.pages.report_view import report_view


def report(*, two_class: bool, ahead: tuple[Interval, ...]) -> OwnDataReport:
    half = Interval(0.5, 0.25, 0.75, 0.95)
    classes = (
        ClassFigures(Label.NEGATIVE, 10, 9, half, half, half),
        ClassFigures(Label.POSITIVE, 0, 1, None, None, None),
    )
    return OwnDataReport(
        data=DataFacts("in.csv", "text", "label", 10, 10, {}, {}, (), 0),
        n=10,
        two_class=two_class,
        trained_on=(),
        figures=Figures("m", half, half, half, classes, ((9, 0, 1), (0, 0, 0), (4, 0, 6))),
        compared=tuple(Compared("other", 0.5, 0.5, 0.5, None, one) for one in ahead),
        without_champion=None,
        calibration=CalibrationFacts(
            0.1,
            0.2,
            0.5,
            0.5,
            (ReliabilityBin(0.4, 0.6, 4, 0.5, 0.25), ReliabilityBin(0.8, 1.0, 16, 0.9, 1.0)),
        ),
        certainty=Certainty(half, {}, half, half),
        wrong=(WrongAnswer(1, "x", Label.NEGATIVE, Label.POSITIVE, 0.9, "low_confidence"),),
    )


@pytest.mark.parametrize(
    ("interval", "line", "standing"),
    [
        (Interval(0.05, 0.025, 0.1, 0.95), (62.5, 75, 100), "better"),
        (Interval(-0.05, -0.1, -0.01, 0.95), (0, 25, 45), "worse"),
        (Interval(0.0, -0.05, 0.05, 0.95), (25, 50, 75), "unclear"),
        (Interval(0.2, 0.1, 0.4, 0.95), (62.5, 75, 100), "better"),  # the widest one sets the scale
    ],
)
def test_differences(interval: Interval, line: tuple[float, ...], standing: str) -> None:
    (other,) = report_view(report(two_class=False, ahead=(interval,))).others
    assert (other.line.low, other.line.at, other.line.high) == pytest.approx(line)
    assert other.standing == standing


def test_the_commonest_class_has_no_picture_and_sets_no_scale() -> None:
    facts = report(two_class=False, ahead=(Interval(0.05, 0.0, 0.1, 0.95), Interval(0.5, 0.4, 0.6, 0.95)))
    vader, zero = facts.compared
    view = report_view(replace(facts, compared=(vader, replace(zero, name="Commonest class"))))
    assert view.reach == 0.1
    assert [other.line is None for other in view.others] == [False, True]


def test_scores_of_a_class() -> None:
    negative, positive = report_view(report(two_class=False, ahead=())).classes
    assert negative.line is not None
    assert (negative.line.low, negative.line.at, negative.line.high) == (25, 50, 75)
    assert positive.line is None


def test_the_confusion_table_shows_rows_that_there_are_and_no_neutral_among_two() -> None:
    three = report_view(report(two_class=False, ahead=()))
    assert [label for label, _ in three.confusion] == [Label.NEGATIVE, Label.POSITIVE]
    assert [cell.count for cell in three.confusion[0][1]] == [9, 0, 1]
    # Nine of ten is nearly the darkest of five shades, one of ten has none.
    assert [cell.shade for cell in three.confusion[0][1]] == [4, 0, 0]
    assert [cell.is_right for cell in three.confusion[1][1]] == [False, False, True]
    two = report_view(report(two_class=True, ahead=()))
    assert two.shown == (Label.NEGATIVE, Label.POSITIVE)
    assert [cell.count for cell in two.confusion[1][1]] == [4, 6]


def test_points_of_the_calibration_plot() -> None:
    low, high = report_view(report(two_class=False, ahead=())).bins
    assert (low.x, low.y, high.x, high.y) == (100, 150, 180, 0)
    assert (low.radius, high.radius) == (6.5, 10)  # areas as the numbers of answers


def test_doubts_are_in_words() -> None:
    (wrong,) = report_view(report(two_class=False, ahead=())).wrong
    assert wrong.doubt == "no class clearly ahead"
