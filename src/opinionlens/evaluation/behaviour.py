"""Behavioural checks: required answers, independent of scores.

`behaviour_cases` has the cases.
"""

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
    """The result of one check.

    `failures` has the texts of the cases that do not hold, in order.
    """

    name: str
    kind: ExpectationKind
    n: int
    failures: tuple[tuple[str, ...], ...]

    @property
    def pass_rate(self) -> float:
        """The share of the cases that hold."""
        return 1 - len(self.failures) / self.n


def run_checks(predict: Predict, checks: Sequence[Check] = CHECKS) -> tuple[CheckResult, ...]:
    """Run every check in one call of the classifier.

    Each text is predicted once.

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
    """Return the pass rate of each check by name.

    The gate compares those of `CHECKS`.
    """
    return {result.name: result.pass_rate for result in run_checks(predict, checks)}
