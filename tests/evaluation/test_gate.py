from __future__ import annotations

import json

import numpy as np
import pytest

from opinionlens.evaluation.gate import Contender, GateRules, decide
from opinionlens.text.labels import LABELS

N = 4000
TRUTH = np.random.default_rng(1).integers(0, 3, N)
RULES = GateRules(margin=0.01, max_calibration_error=0.05, seed=1)


def contender(
    wrong: np.ndarray, *, name: str = "challenger", confidence: float = 0.8, **behaviour: float
) -> Contender:
    """Right on every row but those, always with the same confidence."""
    predicted = np.where(wrong, (TRUTH[: len(wrong)] + 1) % 3, TRUTH[: len(wrong)])
    rest = (1 - confidence) / 2
    return Contender(name, np.eye(3)[predicted] * (confidence - rest) + rest, behaviour)


def wrong_on(share: float, *, start: float = 0.0) -> np.ndarray:
    """The first rows from `start` on, as shares of all."""
    place = np.arange(N) / N
    return (place >= start) & (place < start + share)


CHAMPION = contender(wrong_on(0.20), name="champion", negation=0.9, names=1.0)


def test_the_same_answers_pass() -> None:
    decision = decide(TRUTH, contender(wrong_on(0.20), negation=0.9, names=1.0), CHAMPION, rules=RULES)
    assert decision.passed
    assert (
        "difference +0.0000, 95% interval +0.0000 to +0.0000: it is not worse by more than 0.01"
        in decision.reasons[0]
    )
    assert len(decision.reasons) == 4


def test_a_better_one_passes_and_the_reason_says_so() -> None:
    decision = decide(TRUTH, contender(wrong_on(0.17)), CHAMPION, rules=RULES)
    assert decision.passed
    assert "Macro F1 of challenger is 0.8299, of champion 0.8000; difference +0.0300" in decision.reasons[0]
    assert decision.reasons[0].endswith("it is better, beyond chance")


def test_a_worse_one_is_refused_with_numbers() -> None:
    decision = decide(TRUTH, contender(wrong_on(0.24)), CHAMPION, rules=RULES)
    assert not decision.passed
    (reason,) = decision.reasons
    assert "difference -0.04" in reason
    assert reason.endswith("it is worse, beyond chance")


def test_a_certain_loss_inside_the_margin_is_refused() -> None:
    """Half a point lost on nested errors: the interval lies between the margin and 0."""
    decision = decide(TRUTH, contender(wrong_on(0.205)), CHAMPION, rules=RULES)
    interval = decision.details["findings"][0]["interval"]
    assert -RULES.margin < interval["low"] < interval["high"] < 0
    assert not decision.passed


def test_too_few_rows_to_rule_out_a_loss_refuse() -> None:
    """As many wins as losses, but 400 rows leave an interval of several points."""
    rows = slice(0, N, 10)
    challenger, champion = wrong_on(0.2, start=0.1)[rows], wrong_on(0.2)[rows]
    truth = TRUTH[: len(champion)]
    decision = decide(truth, contender(challenger), contender(champion, name="champion"), rules=RULES)
    assert not decision.passed
    assert "400 rows cannot rule out that it is worse by more than 0.01" in decision.reasons[0]
    wide = GateRules(margin=0.1, seed=1)
    assert decide(truth, contender(challenger), contender(champion), rules=wide).passed


def test_a_pass_rate_lower_than_the_champions_refuses() -> None:
    decision = decide(TRUTH, contender(wrong_on(0.18), negation=0.85, names=1.0), CHAMPION, rules=RULES)
    assert decision.reasons == (
        "The pass rate of challenger on negation, 85.0%, is lower than the 90.0% of champion",
    )
    slack = GateRules(behaviour_slack=0.05, seed=1)
    assert decide(TRUTH, contender(wrong_on(0.18), negation=0.85, names=1.0), CHAMPION, rules=slack).passed


def test_a_check_that_the_champion_never_met_is_not_compared() -> None:
    decision = decide(TRUTH, contender(wrong_on(0.20), negation=0.9, typos=0.1), CHAMPION, rules=RULES)
    assert decision.passed
    assert [one.get("name") for one in decision.details["findings"]] == [None, "negation", None]


def test_overconfidence_is_refused() -> None:
    decision = decide(TRUTH, contender(wrong_on(0.20), confidence=0.98), CHAMPION, rules=RULES)
    (reason,) = decision.reasons
    assert "0.1800, exceeds the allowed 0.05, and chance explains no more than 0.0" in reason


def test_on_few_rows_a_calibration_error_within_chance_is_forgiven() -> None:
    """25 rows at 80 %: 22 right is an error of 0.08, which happens all the time."""
    wrong = np.arange(25) < 3
    decision = decide(
        TRUTH[:25],
        contender(wrong),
        contender(wrong, name="champion"),
        rules=GateRules(max_calibration_error=0.01),
    )
    assert decision.passed
    assert "exceeds the allowed 0.01, but chance alone explains" in decision.reasons[-1]


def test_a_first_promotion_has_to_beat_every_baseline() -> None:
    weak, strong = (contender(wrong_on(share), name=f"wrong-{share}") for share in (0.6, 0.195))
    assert decide(TRUTH, contender(wrong_on(0.2)), None, [weak], RULES).passed
    decision = decide(TRUTH, contender(wrong_on(0.2)), None, [weak, strong], RULES)
    assert not decision.passed
    (reason,) = decision.reasons
    assert "of wrong-0.195" in reason
    assert reason.endswith("it is not better beyond chance")


def test_being_as_good_as_a_baseline_is_not_enough_for_a_first_promotion() -> None:
    same = contender(wrong_on(0.2), name="baseline")
    assert not decide(TRUTH, contender(wrong_on(0.2)), None, [same], RULES).passed


def test_with_a_champion_the_baselines_are_not_asked() -> None:
    perfect = contender(wrong_on(0.0), name="perfect")
    assert decide(TRUTH, contender(wrong_on(0.2)), CHAMPION, [perfect], RULES).passed


def test_a_first_promotion_without_baselines_is_refused_as_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one baseline"):
        decide(TRUTH, contender(wrong_on(0.2)), None)


@pytest.mark.parametrize("short", ["challenger", "champion"])
def test_rows_have_to_match(short: str) -> None:
    rows = {"challenger": wrong_on(0.2), "champion": wrong_on(0.2)}
    rows[short] = rows[short][:-1]
    with pytest.raises(ValueError, match="same rows"):
        decide(TRUTH, contender(rows["challenger"]), contender(rows["champion"]), rules=RULES)


def test_details_are_json_and_hold_the_numbers() -> None:
    decision = decide([LABELS[code] for code in TRUTH], contender(wrong_on(0.2), negation=1.0), CHAMPION)
    details = json.loads(json.dumps(decision.details))
    assert details["n"] == N
    assert details["rules"]["margin"] == 0.01
    assert details["champion"] == "champion"
    difference, behaviour, calibration = details["findings"]
    assert difference["interval"]["value"] == 0.0
    assert (behaviour["challenger"], behaviour["champion"]) == (1.0, 0.9)
    assert calibration["ece"] == pytest.approx(0.0, abs=1e-9)


def test_the_decision_is_repeatable() -> None:
    first, again = (decide(TRUTH, contender(wrong_on(0.2, start=0.03)), CHAMPION) for _ in range(2))
    assert first == again
