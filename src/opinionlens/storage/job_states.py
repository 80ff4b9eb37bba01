"""States of the worker's jobs, with their leases.

The worker with the lease is the one that runs a job. Times are
those of the workers' own clocks, which may differ by less than a lease.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.inserting import insert_unless_there
from opinionlens.storage.tables import job_states


@dataclass(frozen=True, slots=True)
class JobState:
    """The state of one job, common to all workers.

    Attributes:
        name: of the job.
        started_at: when its last run began; None before the first, and after a run that was given back.
        held_by: the worker that runs it now, or died with it.
        held_until: when that worker's lease ends.
        succeeded_at: when it last ended well.
        failures: runs in a row that failed.
        problem: the reason of the last failure in words; None after a success.
    """

    name: str
    started_at: datetime | None = None
    held_by: str | None = None
    held_until: datetime | None = None
    succeeded_at: datetime | None = None
    failures: int = 0
    problem: str | None = None


def find(database: Database, name: str) -> JobState:
    """Return the state of a job, run or not.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    with database.reading() as connection:
        row = connection.execute(select(job_states).where(job_states.c.name == name)).first()
    return JobState(name) if row is None else _from_row(row)


def claim(
    database: Database, seen: JobState, *, holder: str, until: datetime, at: datetime | None = None
) -> bool:
    """Take the lease of a job; return whether that succeeded.

    Refused where another worker changed the state since it was seen.

    Raises:
        StorageUnavailable: the database does not answer; a lease that it may have given ends by itself.
    """
    now = at or utc_now()
    change = (
        update(job_states)
        .where(
            job_states.c.name == seen.name,
            _is(job_states.c.started_at, seen.started_at),
            _is(job_states.c.held_by, seen.held_by),
            _is(job_states.c.held_until, seen.held_until),
        )
        .values(started_at=now, held_by=holder, held_until=until)
    )
    with database.writing() as connection:
        new = insert_unless_there(connection, job_states, job_states.c.name)
        connection.execute(new, {"name": seen.name, "failures": 0})
        return connection.execute(change).rowcount == 1


def extend(database: Database, name: str, *, holder: str, until: datetime) -> bool:
    """Renew a lease; return False if another has it.

    Raises:
        StorageUnavailable: the database does not answer; the lease ends when it did before.
    """
    return _change(database, name, holder, held_until=until)


def finish(
    database: Database, name: str, *, holder: str, problem: str | None, at: datetime | None = None
) -> bool:
    """Record the end of a run and its lease.

    Returns False where another worker has it now.

    Args:
        database: the database.
        name: of the job.
        holder: the worker that ran it.
        problem: why it failed; None where it did not.
        at: when it ended.

    Raises:
        StorageUnavailable: the database does not answer; nothing was recorded.
    """
    if problem is None:
        return _change(
            database, name, holder, **_FREE, succeeded_at=at or utc_now(), failures=0, problem=None
        )
    return _change(database, name, holder, **_FREE, failures=job_states.c.failures + 1, problem=problem)


def give_back(database: Database, name: str, *, holder: str) -> bool:
    """End a lease without a result.

    The run is due again at once.

    Raises:
        StorageUnavailable: the database does not answer; the lease ends by itself.
    """
    return _change(database, name, holder, **_FREE, started_at=None)


_FREE: dict[str, None] = {"held_by": None, "held_until": None}


def _change(database: Database, name: str, holder: str, **values: Any) -> bool:  # noqa: ANN401 - columns' values
    change = update(job_states).where(job_states.c.name == name, job_states.c.held_by == holder)
    with database.writing() as connection:
        return connection.execute(change.values(**values)).rowcount == 1


def _is(column: ColumnElement[Any], value: object) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def _from_row(row: Row[Any]) -> JobState:
    return JobState(
        name=row.name,
        started_at=row.started_at,
        held_by=row.held_by,
        held_until=row.held_until,
        succeeded_at=row.succeeded_at,
        failures=row.failures,
        problem=row.problem,
    )
