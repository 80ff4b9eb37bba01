"""A linear student that learns from a teacher's answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opinionlens.evaluation.scores import score
from opinionlens.families.class_balance import balanced_weights
from opinionlens.families.estimator import LinearEstimator
from opinionlens.families.soft_targets import fit_to_shares
from opinionlens.features.calibration import Calibration
from opinionlens.features.counts import Counts, stacked
from opinionlens.text.labels import LABELS

Floats = NDArray[np.float64]
# As the families balance by default: half way between the classes' frequencies and equal weight.
_BALANCE = 0.5
_SOFTMAX = Calibration.none(len(LABELS))


@dataclass(frozen=True, eq=False)
class Lesson:
    """The texts that a student learns from.

    Attributes:
        labelled: counts of the training split.
        codes: its labels.
        weights: how far its annotators agreed.
        groups: its sources, as numbers.
        unlabelled: counts of the texts without labels; None for none.
        of_labelled: the teacher's shares (n, k) of the training split.
        of_unlabelled: its shares of the others.
    """

    labelled: Counts
    codes: NDArray[np.int64]
    weights: Floats
    groups: NDArray[np.int64]
    unlabelled: Counts | None
    of_labelled: Floats
    of_unlabelled: Floats


@dataclass(frozen=True)
class Setting:
    """The parameters of one student.

    Attributes:
        strength: C of the regression.
        trust: how far the teacher's shares take the place of a given label, from 0 to 1.
    """

    strength: float
    trust: float


@dataclass(frozen=True, eq=False)
class Taught:
    """The best student on the validation split.

    Attributes:
        estimator: the student.
        setting: its parameters.
        macro_f1: on the validation split.
        untaught_macro_f1: of the best student that learnt from the labels alone.
    """

    estimator: LinearEstimator
    setting: Setting
    macro_f1: float
    untaught_macro_f1: float


def teach(
    lesson: Lesson,
    val: Counts,
    val_codes: NDArray[np.int64],
    settings: Sequence[Setting],
    *,
    seed: int,
    done: Callable[[], None],
) -> Taught:
    """Fit a student for each setting and choose the best.

    Beside them one for each strength learns without the teacher: what the teacher adds is the difference.

    Args:
        lesson: to learn from.
        val: counts of the validation split.
        val_codes: its labels.
        settings: at least one.
        seed: of the solver.
        done: called behind each fit; there is one for each setting and for each strength.
    """
    alone = []
    for strength in sorted({setting.strength for setting in settings}):
        alone.append(_macro_f1(_fit_untaught(lesson, strength, seed), val, val_codes))
        done()
    best: tuple[float, LinearEstimator, Setting] | None = None
    for setting in settings:
        estimator = _fit(lesson, setting, seed)
        found = _macro_f1(estimator, val, val_codes)
        if best is None or found > best[0]:
            best = (found, estimator, setting)
        done()
    assert best is not None  # noqa: S101 - there is at least one setting
    return Taught(best[1], best[2], best[0], max(alone))


def _fit(lesson: Lesson, setting: Setting, seed: int) -> LinearEstimator:
    given = np.eye(len(LABELS))[lesson.codes]
    shares = (1 - setting.trust) * given + setting.trust * lesson.of_labelled
    weights, counts = _weights(lesson), lesson.labelled
    if lesson.unlabelled is not None:
        shares = np.concatenate((shares, lesson.of_unlabelled))
        weights = np.concatenate((weights, np.ones(len(lesson.of_unlabelled))))
        counts = stacked([counts, lesson.unlabelled])
    return fit_to_shares(counts, shares, weights, strength=setting.strength, seed=seed)


def _fit_untaught(lesson: Lesson, strength: float, seed: int) -> LinearEstimator:
    given = np.eye(len(LABELS))[lesson.codes]
    return fit_to_shares(lesson.labelled, given, _weights(lesson), strength=strength, seed=seed)


def _weights(lesson: Lesson) -> Floats:
    weights = lesson.weights * balanced_weights(lesson.codes, _BALANCE, lesson.groups)
    return np.asarray(weights / weights.mean(), dtype=np.float64)


def _macro_f1(estimator: LinearEstimator, counts: Counts, codes: NDArray[np.int64]) -> float:
    return score(codes, _SOFTMAX.apply(estimator.decision_values(counts))).macro_f1
