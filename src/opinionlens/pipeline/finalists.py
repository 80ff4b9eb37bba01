"""The choice among the best trials of a study.

The best of 25 values on one validation split is best by chance, too. The few best are therefore compared once
more on all rows of train + validation, each row answered by a model that has not seen it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opinionlens.base.progress import Reporter
from opinionlens.pipeline.study import FinishedTrial, best_trial
from opinionlens.pipeline.trials import Workers, objective_value, stratified_folds
from opinionlens.text.labels import LABELS

FINALISTS = 5


@dataclass(frozen=True, eq=False)
class Finalist:
    """A trial with its out-of-fold results.

    Attributes:
        trial: of the study; its outcome is the validation split's.
        decisions: decision values of train + validation (n, k).
        value: of the objective, on them.
    """

    trial: FinishedTrial
    decisions: NDArray[np.float64]
    value: float


def finalists_of(trials: Iterable[FinishedTrial]) -> list[FinishedTrial]:
    """Return the best trials of the study, earliest first."""
    ranked = sorted(trials, key=lambda trial: (-trial.outcome.value, trial.proposal.number))
    return sorted(ranked[:FINALISTS], key=lambda trial: trial.proposal.number)


def compare_finalists(
    workers: Workers,
    trials: Sequence[FinishedTrial],
    codes: NDArray[np.int64],
    objective: str,
    *,
    folds: int,
    seed: int,
    reporter: Reporter,
) -> list[Finalist]:
    """Score the finalists out of fold.

    Args:
        workers: hold the counts.
        trials: of the study.
        codes: labels of train + validation, in that order.
        objective: of the study.
        folds: how many models answer for the rows of each finalist.
        seed: deals the rows into folds.
        reporter: shows the fits.
    """
    dealt = stratified_folds(codes, folds, seed)
    chosen = finalists_of(trials)
    classes = tuple(LABELS[code] for code in np.unique(codes).tolist())
    found: list[Finalist] = []
    with reporter.track("finalists", len(chosen) * folds, unit="fit") as bar:
        for trial in chosen:
            parts: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
            for part in workers.out_of_fold(trial.proposal.family, trial.proposal.params, dealt):
                parts.append(part)
                bar.advance()
            decisions = np.empty((len(codes), parts[0][1].shape[1]))
            for rows, values in parts:
                decisions[rows] = values
            value = objective_value(codes, decisions, classes, objective)
            found.append(Finalist(trial, decisions, value))
    return found


def best_finalist(finalists: Sequence[Finalist]) -> Finalist:
    """Return the earliest finalist as good as the best."""
    rescored = [replace(one.trial, outcome=replace(one.trial.outcome, value=one.value)) for one in finalists]
    number = best_trial(rescored).proposal.number
    return next(one for one in finalists if one.trial.proposal.number == number)
