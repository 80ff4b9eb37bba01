"""From answers to figures, by the same rules for everyone. Nothing here reads or asks.

On a set without neutral texts the sign decides (`sides`) and a tie counts half, so
that nobody loses by being able to say "neutral", and nobody wins by guessing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from benchmarks.quality.sides import lean, share_ties, sign_codes
from numpy.typing import NDArray

from opinionlens.evaluation import confusion
from opinionlens.evaluation.codes import Codes, Counts, Floats, rows_that_match
from opinionlens.evaluation.confusion import Statistic
from opinionlens.evaluation.intervals import Interval, bootstrap, paired_bootstrap
from opinionlens.evaluation.polarity import by_sign, is_two_class
from opinionlens.evaluation.reliability import expected_calibration_error


@dataclass(frozen=True, slots=True)
class Answers:
    """What a contender says of each row of a set.

    Attributes:
        codes: the class out of three.
        sides: above 0 for positive, below for negative; decides where no text is neutral.
        probabilities: (n, 3), where the contender gives any.
        uncertain: which answers are marked, where the contender marks any.
    """

    codes: Codes
    sides: Floats
    probabilities: Floats | None = None
    uncertain: NDArray[np.bool_] | None = None

    @classmethod
    def of_probabilities(cls, probabilities: Floats, uncertain: NDArray[np.bool_]) -> Answers:
        """Return the answers of a classifier: the most probable class wins."""
        return cls(probabilities.argmax(axis=1), lean(probabilities), probabilities, uncertain)


@dataclass(frozen=True, slots=True)
class Figures:
    """How good one contender is on one set.

    `ahead` is the macro recall above that of the contender compared with, on the same rows. `error` is the
    share of wrong answers, `error_when_sure` that among the answers that are not marked uncertain.
    """

    macro_recall: Interval
    macro_f1: Interval
    error: Interval
    ahead: Interval | None
    ece: float | None
    uncertain: float | None
    error_when_sure: Interval | None


def figures_of(truth: Codes, answers: Answers, rival: Answers | None, *, seed: int) -> Figures:
    """Measure one contender; intervals are of 95 %.

    Args:
        truth: codes of the labels.
        answers: the contender's.
        rival: the answers to be compared with, None for the rival itself.
        seed: for the intervals.

    Raises:
        ValueError: there are not as many answers as labels.
    """
    rows_that_match(truth, answers.codes, answers.sides)
    two_class = is_two_class(truth)
    given = _given(answers, two_class)
    recall, f1, error = (
        _fair(each, two_class) for each in (confusion.macro_recall, confusion.macro_f1, _error)
    )
    interval = partial(bootstrap, seed=seed)
    return Figures(
        macro_recall=interval(truth, given, recall),
        macro_f1=interval(truth, given, f1),
        error=interval(truth, given, error),
        ahead=None
        if rival is None
        else paired_bootstrap(
            truth, challenger=given, champion=_given(rival, two_class), statistic=recall, seed=seed
        ).interval,
        ece=None if answers.probabilities is None else _ece(truth, answers.probabilities, two_class),
        uncertain=None if answers.uncertain is None else float(answers.uncertain.mean()),
        error_when_sure=None
        if answers.uncertain is None or answers.uncertain.all()
        # How many of each class are sure is chance, too, so rows are drawn without regard to it.
        else interval(truth[~answers.uncertain], given[~answers.uncertain], error, stratified=False),
    )


def _given(answers: Answers, two_class: bool) -> Codes:
    """Return the classes answered; between two classes, that of neutral stands for a tie."""
    return sign_codes(answers.sides) if two_class else answers.codes


def _fair(statistic: Statistic, two_class: bool) -> Statistic:
    def of_shared(tables: Counts) -> Floats:
        return statistic(share_ties(tables))

    return of_shared if two_class else statistic


def _error(tables: Counts) -> Floats:
    return 1.0 - confusion.accuracy(tables)


def _ece(truth: Codes, probabilities: Floats, two_class: bool) -> float:
    return expected_calibration_error(truth, by_sign(probabilities) if two_class else probabilities)
