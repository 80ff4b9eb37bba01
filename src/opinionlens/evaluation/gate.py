"""The gate: whether a challenger may become the champion.

Its reasons are sentences with numbers. It tests non-inferiority: the challenger has to show that it is not
worse by more than a margin, so too few rows refuse it. And a loss that is certain is refused even inside the
margin, or a chain of promotions could lead downhill step by step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opinionlens.evaluation.codes import Codes, Floats, in_label_order, label_codes, rows_that_match
from opinionlens.evaluation.everyday import SURE, EverydayResult, chance_of_no_change
from opinionlens.evaluation.intervals import Difference, paired_bootstrap
from opinionlens.evaluation.reliability import calibration_error_by_chance, expected_calibration_error


@dataclass(frozen=True, slots=True)
class GateRules:
    """The demands on a challenger.

    Attributes:
        margin: how much worse than the champion's its macro F1 may be, at the low end of the interval.
        max_calibration_error: bound of the expected calibration error (15 bins of equal width). On few rows
            chance alone exceeds any bound, so the error of a perfectly calibrated classifier is allowed.
        behaviour_slack: how much lower than the champion's the pass rate of a behavioural check may be.
        max_sure_and_wrong: how many negated everyday sentences it may answer wrong above a confidence of 0.9,
            whatever the champion does.
        level: of the interval of the difference, and of the test on the everyday sentences.
        resamples: of the bootstrap.
        seed: of the bootstrap.
    """

    margin: float = 0.01
    max_calibration_error: float = 0.05
    behaviour_slack: float = 0.0
    max_sure_and_wrong: int = 0
    level: float = 0.95
    resamples: int = 1000
    seed: int = 42


@dataclass(frozen=True, eq=False)
class Contender:
    """A classifier's results, as the gate compares them.

    `probabilities` are those of the common rows, with one column per label in the order of `LABELS`;
    `behaviour` maps the names of checks to their pass rates; `everyday` is its result on the everyday
    sentences, where there are any.
    """

    name: str
    probabilities: NDArray[np.floating]
    behaviour: Mapping[str, float] = field(default_factory=dict)
    everyday: EverydayResult | None = None


@dataclass(frozen=True, slots=True)
class GateDecision:
    """The decision of the gate.

    `reasons` say why it was refused, or why it was accepted; `details` hold every number as JSON values.
    """

    passed: bool
    reasons: tuple[str, ...]
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Finding:
    passed: bool
    sentence: str
    numbers: dict[str, Any]


def decide(
    truth: Sequence[str] | NDArray[np.integer],
    challenger: Contender,
    champion: Contender | None,
    baselines: Sequence[Contender] = (),
    rules: GateRules | None = None,
) -> GateDecision:
    """Decide whether the challenger may be promoted.

    All are compared on the same rows. Without a champion (the first promotion) the demand is absolute: better
    than every baseline, beyond chance. With one, the baselines do not count. Calibration and confident wrong
    answers to negated everyday sentences are checked for every challenger.

    Args:
        truth: labels or codes of the common rows.
        challenger: the classifier to be promoted.
        champion: the present one, on the same rows; None for the first promotion.
        baselines: those that a first challenger has to beat; their behaviour is ignored.
        rules: the defaults if None.

    Raises:
        ValueError: the rows do not match, or a first promotion without baselines.
    """
    rules = rules or GateRules()
    codes = label_codes(truth)
    if champion is not None:
        findings = [_check_difference(codes, challenger, champion, rules)]
        findings += _check_behaviour(challenger, champion, rules)
        findings += _check_everyday(challenger, champion, rules)
    elif baselines:
        findings = [_check_against_baseline(codes, challenger, one, rules) for one in baselines]
    else:
        raise ValueError("A first promotion needs at least one baseline to be better than.")
    findings += _check_boldness(challenger, rules)
    findings.append(_check_calibration(codes, challenger, rules))
    refusals = tuple(finding.sentence for finding in findings if not finding.passed)
    return GateDecision(
        passed=not refusals,
        reasons=refusals or tuple(finding.sentence for finding in findings),
        details={
            "n": len(codes),
            "rules": asdict(rules),
            "challenger": challenger.name,
            "champion": champion.name if champion else None,
            "findings": [{"passed": one.passed, "sentence": one.sentence, **one.numbers} for one in findings],
        },
    )


def _check_difference(codes: Codes, challenger: Contender, champion: Contender, rules: GateRules) -> _Finding:
    found = _compare(codes, challenger, champion, rules)
    low, high = found.interval.low, found.interval.high
    if high < 0:
        conclusion = "it is worse, beyond chance"
    elif low < -rules.margin:
        conclusion = f"{len(codes)} rows cannot rule out that it is worse by more than {rules.margin:g}"
    elif low > 0:
        conclusion = "it is better, beyond chance"
    else:
        conclusion = f"it is not worse by more than {rules.margin:g}"
    sentence = f"{_measured(found, challenger, champion, rules)}: {conclusion}"
    return _Finding(high >= 0 and low >= -rules.margin, sentence, {"check": "macro_f1", **asdict(found)})


def _check_against_baseline(
    codes: Codes, challenger: Contender, baseline: Contender, rules: GateRules
) -> _Finding:
    found = _compare(codes, challenger, baseline, rules)
    passed = found.interval.low > 0
    conclusion = "it is better, beyond chance" if passed else "it is not better beyond chance"
    sentence = f"{_measured(found, challenger, baseline, rules)}: {conclusion}"
    return _Finding(passed, sentence, {"check": "baseline", "name": baseline.name, **asdict(found)})


def _check_calibration(codes: Codes, challenger: Contender, rules: GateRules) -> _Finding:
    probabilities = _checked(codes, challenger)
    error = expected_calibration_error(codes, probabilities)
    chance = calibration_error_by_chance(probabilities, seed=rules.seed)
    allowed = f"the allowed {rules.max_calibration_error:g}"
    if error <= rules.max_calibration_error:
        conclusion = f"is within {allowed}"
    elif error <= chance:
        conclusion = f"exceeds {allowed}, but chance alone explains {chance:.4f} on {len(codes)} rows"
    else:
        conclusion = f"exceeds {allowed}, and chance explains no more than {chance:.4f}"
    return _Finding(
        passed=error <= max(rules.max_calibration_error, chance),
        sentence=f"The expected calibration error of {challenger.name}, {error:.4f}, {conclusion}",
        numbers={"check": "calibration", "ece": error, "by_chance": chance},
    )


def _check_behaviour(challenger: Contender, champion: Contender, rules: GateRules) -> list[_Finding]:
    """Return one finding per check that both have results of."""
    findings = []
    for name in sorted(challenger.behaviour.keys() & champion.behaviour.keys()):
        ours, theirs = challenger.behaviour[name], champion.behaviour[name]
        passed = ours >= theirs - rules.behaviour_slack - 1e-9  # the last only absorbs rounding
        relation = "not lower than" if passed else "lower than"
        findings.append(
            _Finding(
                passed=passed,
                sentence=f"The pass rate of {challenger.name} on {name}, {ours:.1%}, is {relation} "
                f"the {theirs:.1%} of {champion.name}",
                numbers={"check": "behaviour", "name": name, "challenger": ours, "champion": theirs},
            )
        )
    return findings


def _check_everyday(challenger: Contender, champion: Contender, rules: GateRules) -> list[_Finding]:
    """Return a finding if both have results on everyday sentences.

    McNemar's exact test separates chance from loss.
    """
    ours, theirs = challenger.everyday, champion.everyday
    if ours is None or theirs is None:
        return []
    shares = float(ours.is_right.mean()), float(theirs.is_right.mean())
    chance = chance_of_no_change(theirs.is_right, ours.is_right)
    passed = shares[0] >= shares[1] or chance > 1 - rules.level
    conclusion = "not worse beyond chance" if passed else "worse, beyond chance"
    return [
        _Finding(
            passed=passed,
            sentence=f"Of {len(ours.is_right)} everyday sentences {challenger.name} answers {shares[0]:.1%} "
            f"right, {champion.name} {shares[1]:.1%} (p = {chance:.2g}): it is {conclusion}",
            numbers={"check": "everyday", "challenger": shares[0], "champion": shares[1], "p": chance},
        )
    ]


def _check_boldness(challenger: Contender, rules: GateRules) -> list[_Finding]:
    """Return a finding on confident wrong answers, if any sentences.

    An equally bold champion is no excuse.
    """
    if challenger.everyday is None:
        return []
    count, allowed = challenger.everyday.sure_and_wrong, rules.max_sure_and_wrong
    return [
        _Finding(
            passed=count <= allowed,
            sentence=f"Of the negated everyday sentences {challenger.name} answers {count} wrong with a "
            f"confidence above {SURE:g}; {allowed} are allowed",
            numbers={"check": "sure_and_wrong", "challenger": count, "allowed": allowed},
        )
    ]


def _compare(codes: Codes, challenger: Contender, other: Contender, rules: GateRules) -> Difference:
    return paired_bootstrap(
        codes,
        challenger=_checked(codes, challenger).argmax(axis=1),
        champion=_checked(codes, other).argmax(axis=1),
        seed=rules.seed,
        resamples=rules.resamples,
        level=rules.level,
    )


def _checked(codes: Codes, contender: Contender) -> Floats:
    rows_that_match(codes, contender.probabilities)
    return in_label_order(contender.probabilities)


def _measured(found: Difference, challenger: Contender, other: Contender, rules: GateRules) -> str:
    low, value, high = found.interval.low, found.interval.value, found.interval.high
    return (
        f"Macro F1 of {challenger.name} is {found.challenger:.4f}, of {other.name} {found.champion:.4f}; "
        f"difference {value:+.4f}, {rules.level:.0%} interval {low:+.4f} to {high:+.4f}"
    )
