"""The jobs of `opinionlens worker`.

A new one gets a line in `jobs_of`, and its own settings where it has any. It is a command that a person can
type, too; its standard output goes nowhere, and what it says on standard error is logged: no texts.
"""

from __future__ import annotations

from datetime import timedelta

from opinionlens.base.job_settings import WorkerSettings
from opinionlens.cli.drift_command import DRIFT, TOO_LITTLE
from opinionlens.jobs.job_schedule import Job
from opinionlens.jobs.retraining_result import NOT_GOOD_ENOUGH, NOTHING_NEW
from opinionlens.jobs.shadow_run import NO_CHALLENGER


def jobs_of(settings: WorkerSettings) -> tuple[Job, ...]:
    """Return the jobs, with their schedules from the settings."""
    jobs = [
        Job(
            "drift_check",
            every=timedelta(minutes=settings.drift_check_minutes),
            # As JSON, because the table for people shows example texts on standard error.
            arguments=("drift", "check", "--json", "--since", f"{settings.drift_window_hours}h"),
            good_statuses=frozenset({0, DRIFT, TOO_LITTLE}),
        )
    ]
    if settings.retrain_hours > 0:
        jobs.append(
            Job(
                "retraining_proposal",
                every=timedelta(hours=settings.retrain_hours),
                arguments=("retrain", "--propose", "--json", "--time-limit", "110"),
                good_statuses=frozenset({0, NOT_GOOD_ENOUGH, NOTHING_NEW}),
                most=timedelta(hours=2),
            )
        )
    if settings.shadow_share > 0:
        jobs.append(
            Job(
                "shadow",
                every=timedelta(minutes=settings.shadow_minutes),
                arguments=("shadow", "--json"),
                good_statuses=frozenset({0, NO_CHALLENGER}),
                most=timedelta(minutes=30),
            )
        )
    return tuple(jobs)
