"""Everyday sentences: scores by kind, mistakes that are sure of themselves, and the gate."""

from __future__ import annotations

import numpy as np
import pytest

from opinionlens.evaluation.everyday import (
    EverydayResult,
    EverydaySentences,
    chance_of_no_change,
    score_everyday,
)
from opinionlens.evaluation.gate import Contender, GateRules, decide

SENTENCES = EverydaySentences(
    texts=("no complaints", "not good", "we left at nine", "lovely"),
    labels=("POSITIVE", "NEGATIVE", "NEUTRAL", "POSITIVE"),
    kinds=("lexical_negation", "negation", "fact", "plain"),
)
ANSWERS = np.array([[0.95, 0.03, 0.02], [0.8, 0.1, 0.1], [0.1, 0.2, 0.7], [0.92, 0.04, 0.04]])


def test_scores_in_all_and_by_kind() -> None:
    found = score_everyday(SENTENCES, ANSWERS).as_dict()
    assert (found["n"], found["accuracy"]) == (4, 0.25)
    assert found["accuracy_low"] < 0.25 < found["accuracy_high"]
    assert found["kinds"]["negation"] == {"n": 1, "accuracy": 1.0}
    assert found["kinds"]["fact"] == {"n": 1, "accuracy": 0.0}


def test_only_negated_sentences_count_as_sure_and_wrong() -> None:
    # "no complaints" at 0.95; "lovely" is wrong at 0.92, but is of another kind.
    assert score_everyday(SENTENCES, ANSWERS).sure_and_wrong == 1
    milder = ANSWERS.copy()
    milder[0] = [0.9, 0.05, 0.05]
    assert score_everyday(SENTENCES, milder).sure_and_wrong == 0


def test_other_numbers_of_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="rows"):
        score_everyday(SENTENCES, ANSWERS[:3])


@pytest.mark.parametrize(
    ("gained", "lost", "chance"),
    [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (0, 6, 0.03125), (6, 0, 0.03125), (1, 9, 0.021484375)],
)
def test_the_chance_is_that_of_mcnemars_exact_test(gained: int, lost: int, chance: float) -> None:
    one = np.array([False] * gained + [True] * lost + [True] * 7)
    other = np.array([True] * gained + [False] * lost + [True] * 7)
    assert chance_of_no_change(one, other) == pytest.approx(chance)


def contender(name: str, wrong: int, bold: int = 0) -> Contender:
    """A perfect one on the rows, with so many of 100 sentences wrong."""
    truth = np.eye(3)[np.arange(60) % 3] * 0.97 + 0.01
    is_right = np.array([False] * wrong + [True] * (100 - wrong))
    return Contender(name, truth, everyday=EverydayResult(("plain",) * 100, is_right, bold))


@pytest.mark.parametrize(
    ("ours", "theirs", "passed"),
    [
        (contender("ours", 15), contender("theirs", 10), True),  # five lost: chance .0625
        (contender("ours", 16), contender("theirs", 10), False),  # six lost: chance .03125
        (contender("ours", 4), contender("theirs", 10), True),
        (contender("ours", 10, bold=1), contender("theirs", 10), False),
        (contender("ours", 10, bold=1), contender("theirs", 10, bold=1), False),
        (contender("ours", 10), contender("theirs", 10, bold=1), True),
    ],
)
def test_the_gate_asks_for_the_everyday_sentences(ours: Contender, theirs: Contender, passed: bool) -> None:
    decision = decide(np.arange(60) % 3, ours, theirs)
    assert decision.passed is passed
    if not passed:
        assert "everyday sentences" in decision.reasons[0]


def test_a_first_challenger_may_not_be_sure_of_wrong_answers_either() -> None:
    zero_rule = Contender("zero_rule", np.tile([0.2, 0.6, 0.2], (60, 1)))
    assert decide(np.arange(60) % 3, contender("ours", 10), None, [zero_rule]).passed
    bold = decide(np.arange(60) % 3, contender("ours", 10, bold=2), None, [zero_rule])
    assert bold.reasons == (
        "Of the negated everyday sentences ours answers 2 wrong with a confidence above 0.9; 0 are allowed",
    )


def test_the_rules_may_allow_some() -> None:
    ours, theirs = contender("ours", 10, bold=1), contender("theirs", 10)
    assert decide(np.arange(60) % 3, ours, theirs, rules=GateRules(max_sure_and_wrong=1)).passed


def test_a_contender_that_was_not_asked_is_not_compared() -> None:
    asked, silent = contender("ours", 99), contender("theirs", 0)
    silent = Contender(silent.name, silent.probabilities)
    assert decide(np.arange(60) % 3, asked, silent).passed
