"""The report in sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opinionlens.evaluation.intervals import Interval
from opinionlens.evaluation.own_data_report import (
    CalibrationFacts,
    Certainty,
    Compared,
    DataFacts,
    Figures,
    OwnDataReport,
)
from opinionlens.evaluation.own_data_words import how_measured, percent, reason_words, summary
from opinionlens.text.labels import Label


def interval(value: float, reach: float = 0.02) -> Interval:
    return Interval(value, value - reach, value + reach, 0.95)


def other(name: str, ahead: float) -> Compared:
    return Compared(name, 0.5, 0.5, 0.5, None, interval(ahead))


REPORT = OwnDataReport(
    data=DataFacts(
        "in.csv", "body", "mood", 1_010, 1_000, {"the label is missing": 10}, {"bad": Label.NEGATIVE}, (), 7
    ),
    n=1_000,
    two_class=False,
    trained_on=(),
    figures=Figures("ours 2", interval(0.7), interval(0.65), interval(0.6), (), ()),
    compared=(other("theirs 1", 0.01), other("VADER", 0.05), other("Commonest class", -0.3)),
    without_champion=None,
    calibration=CalibrationFacts(0.02, 0.03, 0.71, 0.7, ()),
    certainty=Certainty(interval(0.2), {}, interval(0.25), interval(0.5)),
    wrong=(),
)


def test_the_answer_says_what_is_better_and_what_is_not_known() -> None:
    assert list(summary(REPORT)) == [
        "Right on 70\u00a0% of 1,000 texts; macro F1 0.650 (0.630 to 0.670).",
        "Not clearly better or worse than theirs 1: macro F1 +0.010 (95 %: −0.010 to +0.030).",
        "Better than VADER by 0.050 of macro F1 (95 %: +0.030 to +0.070).",
        "Worse than answering with the commonest class by 0.300 of macro F1 (95 %: −0.320 to −0.280).",
        "Its confidence means what it says (calibration error 0.020; chance alone gives up to 0.030).",
        "20\u00a0% of its answers are marked uncertain: 50\u00a0% of them wrong, of the others 25\u00a0%.",
    ]


@pytest.mark.parametrize(
    ("ece", "mean", "words"),
    [
        (0.10, 0.80, "It is too sure of itself: confidence 80\u00a0% on average, right 70\u00a0%"),
        (0.10, 0.60, "It is less sure than it could be: confidence 60\u00a0%"),
        (0.10, 0.72, "Its confidence is off in places"),
    ],
)
def test_confidence_in_words(ece: float, mean: float, words: str) -> None:
    facts = replace(REPORT.calibration, ece=ece, mean_confidence=mean)
    assert any(line.startswith(words) for line in summary(replace(REPORT, calibration=facts)))


def test_uncertainty_in_words() -> None:
    none = replace(REPORT.certainty, error_of_uncertain=None)
    assert "No answer is marked uncertain; 25\u00a0% are wrong." in summary(replace(REPORT, certainty=none))
    every = replace(REPORT.certainty, error_of_certain=None)
    assert "Every answer is marked uncertain." in summary(replace(REPORT, certainty=every))


def test_few_texts_and_no_champion_are_said() -> None:
    lines = summary(replace(REPORT, n=199, without_champion="There is none."))
    assert "199 texts are few: look at the intervals." in lines
    assert "No comparison with the champion: There is none." in lines
    assert not any("are few" in line for line in summary(replace(REPORT, n=200)))


def test_where_the_rows_come_from() -> None:
    lines = how_measured(REPORT)
    assert lines[0] == "All 1,000 usable rows of in.csv (texts from `body`, labels from `mood`)."
    assert lines[1] == "10 of 1,010 rows are not used: 10 because the label is missing."
    assert lines[2] == "Labels: bad → NEGATIVE."
    assert not any("sign decides" in line for line in lines)
    assert "Of texts that the model was trained on, these figures would say too much." in lines
    known = how_measured(replace(REPORT, trained_on=("brand_tweets", "mine")))
    assert any(line.endswith("say too much; it was trained on brand_tweets, mine.") for line in known)
    sample = how_measured(replace(REPORT, n=500, two_class=True))
    assert "drawn by chance with seed 7, each class in proportion" in sample[0]
    assert any("sign decides" in line for line in sample)


def test_shares_and_reasons() -> None:
    assert [percent(share) for share in (0, 0.0001, 0.012, 0.0996, 0.5, 0.996, 1)] == [
        "0\u00a0%",
        "<\u00a00.1\u00a0%",
        "1.2\u00a0%",
        "10\u00a0%",
        "50\u00a0%",
        ">\u00a099\u00a0%",
        "100\u00a0%",
    ]
    assert reason_words("foreign_text") == "unknown words"
    assert reason_words("some_new_one") == "some new one"
