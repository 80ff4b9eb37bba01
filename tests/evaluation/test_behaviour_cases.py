from __future__ import annotations

import re

import numpy as np
import pytest

from opinionlens.evaluation.behaviour import run_checks
from opinionlens.evaluation.behaviour_cases import CHECKS
from opinionlens.evaluation.expectations import Check, ExpectationKind, Overturns, Same, Says, Strengthens
from opinionlens.evaluation.hard_behaviour_cases import HARD_CHECKS
from opinionlens.text.labels import LABELS

FORMS = {
    ExpectationKind.INVARIANCE: (Same,),
    ExpectationKind.DIRECTION: (Overturns, Strengthens),
    ExpectationKind.MINIMUM_FUNCTIONALITY: (Says,),
}
ALL = (*CHECKS, *HARD_CHECKS)


def test_names_are_unique_and_fit_for_metrics() -> None:
    names = [check.name for check in ALL]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)
    assert {check.kind for check in CHECKS} == {check.kind for check in HARD_CHECKS} == set(ExpectationKind)


def test_no_case_is_both_plain_and_hard() -> None:
    plain = {case.texts for check in CHECKS for case in check.cases}
    assert plain.isdisjoint(case.texts for check in HARD_CHECKS for case in check.cases)


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.name)
def test_a_check_has_twenty_different_cases_of_its_kind(check: Check) -> None:
    assert len(check.cases) >= 20
    assert len({case.texts for case in check.cases}) == len(check.cases)
    assert all(isinstance(case, FORMS[check.kind]) for case in check.cases)


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.name)
def test_texts_are_filled_in_clean_and_differ_within_a_case(check: Check) -> None:
    for case in check.cases:
        assert len(set(case.texts)) == len(case.texts)
        for text in case.texts:
            assert text == " ".join(text.split()) != ""
            assert "{" not in text


@pytest.mark.parametrize("label", LABELS)
def test_a_classifier_that_always_says_the_same_cannot_pass(label: str) -> None:
    """It keeps every invariance, which is why the other kinds exist."""
    row = np.eye(3)[LABELS.index(label)]
    results = {result.name: result for result in run_checks(lambda texts: np.tile(row, (len(texts), 1)), ALL)}
    for result in results.values():
        if result.kind is ExpectationKind.INVARIANCE:
            assert result.pass_rate == 1.0
    stays = ("praise_stays_praise", "complaints_stay_complaints", "neutral_stays_neutral")
    assert sorted(results[name].pass_rate for name in stays) == [0.0, 0.0, 1.0]
    assert results["negation_flips_praise"].pass_rate == results["negation_flips_complaints"].pass_rate == 0.0
