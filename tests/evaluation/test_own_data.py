"""A model on one's own texts: small cases worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from opinionlens.evaluation.own_data import Answers, LabelledRows, measured, vader_codes
from opinionlens.evaluation.own_data_report import DataFacts
from opinionlens.text.labels import Label

NEGATIVE, NEUTRAL, POSITIVE = Label
FACTS = DataFacts("in.csv", "text", "label", 6, 6, {}, {"neg": NEGATIVE}, (), 0)
ROWS = LabelledRows(
    np.array([0, 0, 1, 2, 2, 2]), ["one", "two", "three", "four", "five", "six"], [1, 2, 3, 5, 8, 13]
)
PROBABILITIES = np.array(
    [[0.8, 0.1, 0.1], [0.2, 0.2, 0.6], [0.1, 0.7, 0.2], [0.1, 0.2, 0.7], [0.0, 0.1, 0.9], [0.9, 0.05, 0.05]]
)
MODEL = Answers("ours 2", PROBABILITIES, [None, None, None, None, None, "foreign_text"])
COMPOUNDS = [-0.5, 0.0, 0.04, 0.05, 0.9, -0.05]


@pytest.fixture(scope="module")
def report():
    return measured(FACTS, ROWS, MODEL, compounds=COMPOUNDS, seed=3)


def test_the_scores(report):
    figures = report.figures
    assert figures.confusion == ((1, 0, 1), (0, 1, 0), (1, 0, 2))
    assert figures.accuracy.value == pytest.approx(4 / 6)
    assert figures.macro_f1.value == pytest.approx((1 / 2 + 1 + 2 / 3) / 3)
    assert figures.macro_recall.value == pytest.approx((1 / 2 + 1 + 2 / 3) / 3)
    found = [(one.label, one.support, one.predicted) for one in figures.classes]
    assert found == [(NEGATIVE, 2, 2), (NEUTRAL, 1, 1), (POSITIVE, 3, 3)]
    for one, expected in zip(figures.classes, (1 / 2, 1, 2 / 3), strict=True):
        for interval in (one.precision, one.recall, one.f1):
            assert interval.value == pytest.approx(expected)
            assert interval.low <= interval.value <= interval.high


def test_what_it_is_compared_with(report):
    vader, zero = report.compared
    # VADER answers NEG NEU NEU POS POS NEG: F1 1/2, 2/3 and 4/5.
    assert (vader.name, zero.name) == ("VADER", "Commonest class")
    assert vader.macro_f1 == pytest.approx((1 / 2 + 2 / 3 + 4 / 5) / 3)
    assert vader.accuracy == pytest.approx(4 / 6)
    assert vader.ahead.value == pytest.approx(13 / 18 - vader.macro_f1)
    assert vader.ece is None
    assert (zero.macro_f1, zero.macro_recall, zero.accuracy) == pytest.approx((2 / 9, 1 / 3, 1 / 2))


def test_the_champion_stands_first_with_its_calibration():
    champion = Answers("theirs 1", np.tile([0.0, 0.0, 1.0], (6, 1)), [None] * 6)
    first, *_ = measured(FACTS, ROWS, MODEL, compounds=COMPOUNDS, champion=champion).compared
    assert (first.name, first.accuracy) == ("theirs 1", 0.5)
    assert first.ece == pytest.approx(0.5)  # always sure, every second time right
    assert first.ahead.value == pytest.approx(13 / 18 - 2 / 9)


def test_calibration(report):
    # Confidences .8 right, .6 wrong, .7 and .7 right, .9 right, .9 wrong; each value has a bin of its own.
    assert report.calibration.ece == pytest.approx((0.2 + 0.6 + 2 * 0.3 + 2 * 0.4) / 6)
    assert report.calibration.mean_confidence == pytest.approx(4.6 / 6)
    assert report.calibration.accuracy == pytest.approx(4 / 6)
    assert sum(one.n for one in report.calibration.bins) == 6


def test_uncertainty(report):
    certainty = report.certainty
    assert certainty.uncertain.value == pytest.approx(1 / 6)
    assert certainty.by_reason == {"foreign_text": 1}
    assert certainty.error_of_certain.value == pytest.approx(1 / 5)
    assert certainty.error_of_uncertain.value == 1


def test_the_worst_errors_come_first_and_marked_ones_last(report):
    assert [(one.row, one.text, one.truth, one.predicted, one.confidence) for one in report.wrong] == [
        (2, "two", NEGATIVE, POSITIVE, 0.6),
        (13, "six", POSITIVE, NEGATIVE, 0.9),
    ]
    assert [one.uncertain for one in report.wrong] == [None, "foreign_text"]


def test_errors_are_bounded_in_number_and_length():
    n = 50
    rows = LabelledRows(np.zeros(n, dtype=np.intp), ["word \n " * 200] * n, range(1, n + 1))
    sure = np.linspace(0.5, 0.99, n)
    answers = Answers("wrong", np.stack([1 - sure, np.zeros(n), sure], axis=1), [None] * n)
    found = measured(FACTS, rows, answers, compounds=[0.0] * n).wrong
    assert [one.row for one in found] == list(range(50, 30, -1))
    assert all(len(one.text) <= 302 and "\n" not in one.text and one.text.endswith(" …") for one in found)


class TestTwoClasses:
    TRUTH = np.array([0, 0, 2, 2])
    ANSWERS = np.array([[0.3, 0.6, 0.1], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.0, 1.0, 0.0]])

    def test_the_sign_decides(self):
        rows = LabelledRows(self.TRUTH, ["a", "b", "c", "d"], [1, 2, 3, 4])
        found = measured(FACTS, rows, Answers("m", self.ANSWERS, [None] * 4), compounds=[0, 0.01, 0.01, -0.2])
        assert found.two_class
        assert found.figures.confusion == ((1, 0, 1), (0, 0, 0), (2, 0, 0))
        assert found.figures.accuracy.value == 0.25
        assert [one.label for one in found.figures.classes] == [NEGATIVE, POSITIVE]
        assert found.compared[0].accuracy == 0.5  # VADER: 0 counts as negative, the first of equals

    def test_vader_without_an_opinion_gets_the_commonest_class(self):
        assert vader_codes(np.array([0.0, 0.0, -0.01]), np.array([0, 2, 2])).tolist() == [2, 2, 0]


def test_vaders_thresholds():
    truth = np.array([0, 1, 2, 2])
    assert vader_codes(np.array([-0.05, -0.049, 0.049, 0.05]), truth).tolist() == [0, 1, 1, 2]


def test_no_rows_and_other_rows_are_refused():
    with pytest.raises(ValueError, match="same rows"):
        measured(FACTS, ROWS, MODEL, compounds=[0.0])
    none = LabelledRows(np.array([], dtype=np.intp), [], [])
    with pytest.raises(ValueError, match="no rows"):
        measured(FACTS, none, Answers("m", np.zeros((0, 3)), []), compounds=[])


def test_it_is_plain_json(report):
    plain = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert plain["format"] == 1
    assert plain["figures"]["confusion"] == [[1, 0, 1], [0, 1, 0], [1, 0, 2]]
    assert plain["data"]["meanings"] == {"neg": "NEGATIVE"}
