"""Behavioural checks: what a classifier must do whatever its scores are. `behaviour_cases` has the cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opinionlens.evaluation.behaviour_cases import CHECKS
from opinionlens.evaluation.codes import in_label_order, rows_that_match
from opinionlens.evaluation.expectations import Check, ExpectationKind

Predict = Callable[[Sequence[str]], NDArray[np.floating]]
"""From texts to probabilities, one column per label in the order of `LABELS`."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How many cases of a check hold; `failures` are the texts of those that do not, in order."""

    name: str
    kind: ExpectationKind
    n: int
    failures: tuple[tuple[str, ...], ...]

    @property
    def pass_rate(self) -> float:
        """Share of the cases that hold."""
        return 1 - len(self.failures) / self.n


def run_checks(predict: Predict, checks: Sequence[Check] = CHECKS) -> tuple[CheckResult, ...]:
    """Put every check to the classifier, in a single call with each text once.

    Raises:
        ValueError: `predict` does not return one distribution over `LABELS` per text.
    """
    texts = list(dict.fromkeys(text for check in checks for case in check.cases for text in case.texts))
    probabilities = in_label_order(predict(texts))
    rows_that_match(np.arange(len(texts)), probabilities)
    place = {text: row for row, text in enumerate(texts)}

    def failures(check: Check) -> Iterator[tuple[str, ...]]:
        for case in check.cases:
            if not case.holds(probabilities[[place[text] for text in case.texts]]):
                yield case.texts

    return tuple(
        CheckResult(check.name, check.kind, len(check.cases), tuple(failures(check))) for check in checks
    )


def pass_rates(predict: Predict, checks: Sequence[Check] = CHECKS) -> dict[str, float]:
    """By name of the check; those of `CHECKS` are what the gate compares."""
    return {result.name: result.pass_rate for result in run_checks(predict, checks)}
