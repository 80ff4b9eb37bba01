"""The study with progress bars and nested MLflow runs.

Nothing is lost when it is interrupted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from opinionlens.base.progress import Reporter
from opinionlens.families.catalogue import FAMILIES
from opinionlens.families.space import Param
from opinionlens.pipeline.lineage import hash_of_code, hash_of_files, hash_of_values
from opinionlens.pipeline.params import TrainingParams
from opinionlens.pipeline.study import FinishedTrial, best_trial, open_study, run_study
from opinionlens.pipeline.trials import Workers
from opinionlens.tracking.port import Run, RunStatus, Tracking

STUDY_TAG = "study"


@dataclass(frozen=True)
class StudyPlan:
    """The plan of a study.

    Its name is the hash of everything that the result depends on.
    """

    name: str
    training: TrainingParams
    seed: int


def plan_study(training: TrainingParams, seed: int, vectorized: Path) -> StudyPlan:
    """Name the study after data, parameters and code.

    `n_jobs` and `storage` do not change the result.
    """
    asked = training.model_dump(include={"families", "n_trials", "objective"})
    if training.start:  # so that studies without it keep their names
        asked["start"] = training.start
    parts = (hash_of_files(vectorized), hash_of_values(asked | {"seed": seed}), hash_of_code())
    return StudyPlan(hash_of_values(parts)[:16], training, seed)


def search(
    plan: StudyPlan, workers: Workers, tracking: Tracking, run: Run, reporter: Reporter
) -> list[FinishedTrial]:
    """Finish the study and return its trials by number.

    Every trial is recorded nested in `run`.
    """
    study = open_study(plan.training.storage, plan.name)
    experiment = tracking.run(run.id).experiment
    recorded = {record.name for record in tracking.find_runs(experiment, parent=run.id)}
    trials = run_study(
        study,
        space={name: FAMILIES[name].suggest for name in plan.training.families},
        first={
            name: FAMILIES[name].start_in_study(plan.training.start.get(name, {}))
            for name in plan.training.families
        },
        n_trials=plan.training.n_trials,
        seed=plan.seed,
        evaluate=lambda proposals: workers.evaluate(proposals, plan.training.objective),
    )
    finished: list[FinishedTrial] = []
    with reporter.track("trials", plan.training.n_trials) as bar:
        for trial in trials:
            if trial_name(trial) not in recorded:
                record_trial(tracking, run, trial)
            finished.append(trial)
            best = best_trial(finished)
            bar.note(f"best {plan.training.objective} {best.outcome.value:.4f}, {best.proposal.family}")
            bar.advance()
    return sorted(finished, key=lambda trial: trial.proposal.number)


def unfinished_run(tracking: Tracking, experiment: str, study: str) -> str | None:
    """Return the study's unfinished parent run, if any.

    An interrupted session of the same study left it open or killed; it is to be continued.
    """
    for record in tracking.find_runs(experiment, tags={STUDY_TAG: study}):
        if record.parent is None and record.status is not RunStatus.FINISHED:
            return record.id
    return None


def record_trial(tracking: Tracking, run: Run, trial: FinishedTrial) -> None:
    """Record a trial as a nested run.

    `trial_N`, as in the first system, with its parameters and validation scores.
    """
    outcome = trial.outcome
    params: Mapping[str, Param] = {"family": trial.proposal.family, **trial.proposal.params}
    tracking.log_trial(
        run.id,
        trial_name(trial),
        params,
        outcome.metrics,
        datetime.fromtimestamp(outcome.started, UTC),
        datetime.fromtimestamp(outcome.ended, UTC),
    )


def trial_name(trial: FinishedTrial) -> str:
    """Return a trial's name, such as `trial_7`."""
    return f"trial_{trial.proposal.number}"
