"""Jobs of the worker, and when each is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from opinionlens.storage.job_states import JobState

_FIRST_RETRY = timedelta(minutes=1)
_MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Job:
    """A command of `opinionlens` that runs on a schedule.

    Attributes:
        name: in the table, the logs and the metrics; at most 50 characters.
        every: from the start of one run to that of the next.
        arguments: of the command, as a person types them.
        good_statuses: exit statuses that mean it did what it should.
        most: how long one run may take; then it is ended and has failed.
    """

    name: str
    every: timedelta
    arguments: tuple[str, ...]
    good_statuses: frozenset[int] = frozenset({0})
    most: timedelta = timedelta(hours=1)


def time_until_due(job: Job, state: JobState, now: datetime) -> timedelta:
    """Return the wait before the next run; zero if due.

    A run whose worker died is due once its lease has ended. After a failure the next try comes sooner than
    usual: after a minute, then two, and so on.
    """
    if state.held_by is not None and state.held_until is not None:
        return max(state.held_until - now, timedelta())
    if state.started_at is None or state.started_at > now + job.every:  # the clock was ahead then
        return timedelta()
    wait = job.every if state.failures == 0 else min(job.every, retry_after(state.failures))
    return max(state.started_at + wait - now, timedelta())


def retry_after(failures: int) -> timedelta:
    """Return the pause after so many failures in a row."""
    doublings = min(max(failures, 1) - 1, _MOST_DOUBLINGS)
    return timedelta(seconds=_FIRST_RETRY.total_seconds() * 2.0**doublings)
