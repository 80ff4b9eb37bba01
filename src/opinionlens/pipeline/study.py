"""One seeded Optuna study with a reproducible result.

The result depends on neither the number of processes nor on interruptions. Trials are asked in generations of
fixed size. All of a generation are asked before any is evaluated, each from a sampler seeded by (seed,
position), so the proposal of a trial depends only on the finished generations before it. An interrupted study
is found again by its name; trials that were asked but not finished are evaluated again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from opinionlens.base.errors import StageFailed
from opinionlens.base.urls import shown

# Large enough to keep many processes busy, small enough that the sampler learns several times in 25 trials.
GENERATION = 5
# Of the objective. The standard error on the sample's 5,000 validation texts is five times as large.
_NO_DIFFERENCE = 0.001
_PROPOSAL = "proposal"
_OUTCOME = "outcome"

Params = dict[str, Any]


@dataclass(frozen=True)
class Proposal:
    """The family and parameters for one trial."""

    number: int
    family: str
    params: Params


@dataclass(frozen=True)
class Outcome:
    """The result of one trial.

    The objective's value, all metrics, and start and end in seconds since the epoch.
    """

    value: float
    metrics: Mapping[str, float]
    started: float
    ended: float


@dataclass(frozen=True)
class FinishedTrial:
    """A proposal with its outcome."""

    proposal: Proposal
    outcome: Outcome
    resumed: bool = False


Suggest = Callable[[optuna.Trial], Params]
Evaluate = Callable[[list[Proposal]], Iterable[tuple[Proposal, Outcome]]]


def open_study(storage: str | optuna.storages.BaseStorage, name: str) -> optuna.Study:
    """Create the study, or open the existing one.

    Raises:
        StageFailed: the storage cannot be used.
    """
    # One line a trial otherwise; progress is shown by us.
    logging.getLogger("optuna").setLevel(logging.WARNING)
    try:
        return optuna.create_study(
            storage=storage, study_name=name, direction="maximize", load_if_exists=True
        )
    except (SQLAlchemyError, optuna.exceptions.OptunaError, ImportError) as error:
        where = shown(storage) if isinstance(storage, str) else None
        raise StageFailed(
            f"The study cannot be kept there ({type(error).__name__}).",
            where=where,
            remedy="Set `params.yaml: training.storage` to an address such as sqlite:///optuna.sqlite3.",
        ) from error


def run_study(
    study: optuna.Study,
    *,
    space: Mapping[str, Suggest],
    first: Mapping[str, Params],
    n_trials: int,
    seed: int,
    evaluate: Evaluate,
) -> Iterator[FinishedTrial]:
    """Run the study up to `n_trials` finished trials.

    Yields each trial as it is known, earlier ones first.

    Args:
        study: from `open_study`.
        space: suggests parameters for each family; one categorical choice picks among them.
        first: parameters, named as the space names them, that each family is tried with before the
            sampler chooses (its defaults).
        n_trials: how many finished trials to have in the end.
        seed: with the position of a trial, all the randomness there is.
        evaluate: runs the proposals of one generation and yields outcomes in any order.
    """
    _forget_half_asked(study)
    yield from _finished(study)
    families = list(space)
    while (done := len(_finished(study))) < n_trials:
        pending = _pending(study)
        asked = done + len(pending)
        end = min(n_trials, (done // GENERATION + 1) * GENERATION)
        for position in range(asked, end):
            fixed = _first_params(families, first, position)
            pending.append(_ask(study, space, families, fixed, _mixed(seed, position)))
        for proposal, outcome in evaluate(pending):
            _tell(study, proposal, outcome)
            yield FinishedTrial(proposal, outcome)


def best_trial(trials: Iterable[FinishedTrial]) -> FinishedTrial:
    """Return the earliest trial as good as the best.

    So only a clear difference moves the choice.
    """
    every = sorted(trials, key=lambda trial: trial.proposal.number)
    highest = max(trial.outcome.value for trial in every)
    return next(trial for trial in every if trial.outcome.value >= highest - _NO_DIFFERENCE)


def _first_params(families: list[str], first: Mapping[str, Params], position: int) -> Params | None:
    if position >= len(families):
        return None
    family = families[position]
    return {"family": family, **first[family]}


def _ask(
    study: optuna.Study, space: Mapping[str, Suggest], families: list[str], fixed: Params | None, seed: int
) -> Proposal:
    tpe = optuna.samplers.TPESampler(seed=seed, multivariate=False)
    study.sampler = tpe if fixed is None else _FixedSampler(fixed)
    trial = study.ask()
    family = trial.suggest_categorical("family", families)
    params = space[family](trial)
    trial.set_user_attr(_PROPOSAL, {"family": family, "params": params})
    return Proposal(trial.number, family, params)


def _tell(study: optuna.Study, proposal: Proposal, outcome: Outcome) -> None:
    # Kept first: a kill between the two lines leaves the trial to be evaluated again, never half-known.
    study.set_user_attr(f"{_OUTCOME}:{proposal.number}", asdict(outcome))
    study.tell(proposal.number, outcome.value, skip_if_finished=True)


class _FixedSampler(optuna.samplers.BaseSampler):
    """A sampler that answers from a given mapping.

    Enqueued trials would outlive a kill half-way.
    """

    def __init__(self, params: Params) -> None:
        self._params = params

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, Any]:
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, Any]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: object
    ) -> Any:  # noqa: ANN401 - optuna's signature
        return self._params[param_name]


def _forget_half_asked(study: optuna.Study) -> None:
    """Mark trials without a complete proposal as failed.

    A process that was killed while asking leaves them.
    """
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if _PROPOSAL not in trial.user_attrs:
            study.tell(trial.number, state=TrialState.FAIL)


def _pending(study: optuna.Study) -> list[Proposal]:
    return [_proposal(trial) for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))]


def _finished(study: optuna.Study) -> list[FinishedTrial]:
    kept = study.user_attrs
    return [
        FinishedTrial(_proposal(trial), Outcome(**kept[f"{_OUTCOME}:{trial.number}"]), resumed=True)
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    ]


def _proposal(trial: FrozenTrial) -> Proposal:
    kept = trial.user_attrs[_PROPOSAL]
    return Proposal(trial.number, kept["family"], kept["params"])


def _mixed(seed: int, position: int) -> int:
    digest = hashlib.sha256(f"{seed}:{position}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
