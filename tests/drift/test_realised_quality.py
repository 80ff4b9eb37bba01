"""Quality by feedback, weighed by which answers were labelled."""

from __future__ import annotations

import numpy as np
import pytest

from opinionlens.drift.estimated_quality import QualitySums
from opinionlens.drift.realised_quality import LabelledAnswer, realised_quality
from opinionlens.drift.window_quality import held_out_scores
from opinionlens.text.labels import Label

SURE, UNSURE = (0.95, 0.03, 0.02), (0.4, 0.3, 0.3)


def window(sure: int, unsure: int) -> QualitySums:
    sums = QualitySums()
    sums.add(np.array([SURE] * sure + [UNSURE] * unsure))
    return sums


def labelled(shares: tuple[float, ...], right: int, wrong: int, source: str = "page") -> list[LabelledAnswer]:
    return [LabelledAnswer(shares, Label.NEGATIVE, source)] * right + [
        LabelledAnswer(shares, Label.POSITIVE, source)
    ] * wrong


def test_without_feedback_there_is_none() -> None:
    assert realised_quality([], window(10, 10)) is None


def test_unsure_answers_that_were_asked_about_more_often_weigh_less() -> None:
    # Of the window 90 % are sure; of what was labelled 10 %.
    feedback = labelled(SURE, 10, 0) + labelled(UNSURE, 45, 45, "review")
    found = realised_quality(feedback, window(900, 100))
    assert found is not None
    assert found.accuracy.value == pytest.approx(0.9 * 1.0 + 0.1 * 0.5)
    assert found.sources == {"page": 10, "review": 90}
    assert found.covered == 1.0
    # Ten answers speak for 900: the interval is that of about a dozen, not of a hundred.
    assert found.accuracy.low < 0.75
    assert found.accuracy.high > 0.95


def test_a_fair_sample_keeps_its_share() -> None:
    found = realised_quality(labelled(SURE, 60, 20), window(800, 0))
    assert found is not None
    assert found.accuracy.value == 0.75
    assert found.accuracy.low == pytest.approx(0.645, abs=0.001)  # Wilson's, of 60 of 80
    assert found.macro_f1 == pytest.approx((2 * 60 / (60 + 80) + 0) / 2)


def test_few_answers_give_no_macro_f1_and_say_what_they_speak_for() -> None:
    found = realised_quality(labelled(UNSURE, 3, 0), window(900, 100))
    assert found is not None
    assert found.macro_f1 is None
    assert found.covered == pytest.approx(0.1)
    assert found.accuracy.value == 1.0
    assert found.accuracy.low < 0.5


def test_scores_of_training_are_those_of_validation_first() -> None:
    scores = {"test_accuracy": 0.7, "test_f1_score": 0.6, "val_accuracy": 0.8, "test_ece": 0.1}
    assert held_out_scores(scores) == {"accuracy": 0.8, "macro_f1": 0.6}
    assert held_out_scores({}) == {}
