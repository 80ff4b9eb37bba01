"""The best trials of a study are compared once more, on rows that no model has seen."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest

from opinionlens.base.progress import Quiet
from opinionlens.pipeline.finalists import Finalist, best_finalist, compare_finalists, finalists_of
from opinionlens.pipeline.study import FinishedTrial, Outcome, Proposal
from opinionlens.pipeline.trials import Workers

CODES = np.array([0, 1, 2] * 10)


def trial(number: int, value: float, wrong: int = 0) -> FinishedTrial:
    return FinishedTrial(Proposal(number, "nb_svm", {"wrong": wrong}), Outcome(value, {}, 0.0, 1.0))


class PretendWorkers:
    """Models that answer the first rows wrong and all others right, fold by fold."""

    def out_of_fold(
        self, family: str, params: dict[str, Any], folds: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        answers = np.where(np.arange(len(CODES)) < params["wrong"], (CODES + 1) % 3, CODES)
        for fold in np.unique(folds)[::-1]:
            rows = np.flatnonzero(folds == fold)
            yield rows, np.eye(3)[answers[rows]]


def compared(trials: list[FinishedTrial], objective: str = "accuracy") -> list[Finalist]:
    workers = cast(Workers, PretendWorkers())
    return compare_finalists(workers, trials, CODES, objective, folds=5, seed=1, reporter=Quiet())


def test_the_five_best_are_finalists_earliest_first() -> None:
    trials = [trial(number, value) for number, value in enumerate([0.5, 0.9, 0.7, 0.6, 0.9, 0.8, 0.7])]
    assert [one.proposal.number for one in finalists_of(trials)] == [1, 2, 4, 5, 6]
    assert finalists_of(trials[:2]) == trials[:2]


def test_of_equal_values_the_earlier_are_finalists() -> None:
    trials = [trial(number, 0.5) for number in range(7)]
    assert [one.proposal.number for one in finalists_of(trials)] == [0, 1, 2, 3, 4]


def test_the_winner_is_the_best_on_unseen_rows() -> None:
    found = compared([trial(0, 0.75, wrong=3), trial(1, 0.76, wrong=6)])
    assert [one.value for one in found] == [pytest.approx(27 / 30), pytest.approx(24 / 30)]
    assert best_finalist(found).trial.proposal.number == 0
    assert best_finalist(found).trial.outcome.value == 0.75  # of the validation split, as recorded


def test_every_row_has_its_own_decision_values() -> None:
    (found,) = compared([trial(0, 0.75, wrong=0)], objective="macro_f1")
    np.testing.assert_array_equal(found.decisions, np.eye(3)[CODES])
    assert found.value == 1.0


@pytest.mark.parametrize(("gain", "winner"), [(0.0009, 0), (0.0011, 1)])
def test_a_gain_below_the_noise_does_not_move_the_choice(gain: float, winner: int) -> None:
    rows = np.zeros((1, 3))
    finalists = [Finalist(trial(0, 0.7), rows, 0.75), Finalist(trial(1, 0.8), rows, 0.75 + gain)]
    assert best_finalist(finalists).trial.proposal.number == winner
