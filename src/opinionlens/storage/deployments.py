"""The history of deployments, which only grows.

Each one says which version became active, when, by which user or key, and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.errors import DeploymentConflict, NoEarlierDeployment
from opinionlens.storage.inserting import insert_unless_there
from opinionlens.storage.paging import Page, page_limit, page_start
from opinionlens.storage.tables import deployments

# The number that a caller expects while there is no deployment.
NONE_YET = 0


class Cause(StrEnum):
    """The way in which a version became active."""

    ACTIVATION = "activation"
    ROLLBACK = "rollback"
    CHAMPION = "champion"  # the registry's alias was followed


@dataclass(frozen=True, slots=True)
class DeployedVersion:
    """A registered version with the digest of its artifact."""

    name: str
    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """The record that a version became active.

    Attributes:
        number: 1 for the first, then counted up without a gap.
        at: when.
        by: the name of the user or key.
        why: the reason that was given.
        cause: the way in which it became active.
        version: the version that became active.
        previous: the version that was active before.
        restores: of a rollback, the number of the deployment that it brings back.
    """

    number: int
    at: datetime
    by: str
    why: str
    cause: Cause
    version: DeployedVersion
    previous: DeployedVersion | None
    restores: int | None


def active(database: Database) -> Deployment | None:
    """Return the last deployment, or None.

    Its version is the active one. The query is cheap enough for every second.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    with database.reading() as connection:
        return _last(connection)


def activate(
    database: Database,
    version: DeployedVersion,
    *,
    expected: int,
    by: str,
    why: str,
    cause: Cause = Cause.ACTIVATION,
    at: datetime | None = None,
) -> Deployment:
    """Record that a version becomes active.

    Args:
        database: where to record it.
        version: the version; where it is active already, the new record renews `by` and `why`.
        expected: the number of the deployment that the caller takes for the last; `NONE_YET` for none.
        by: the name of the user or key.
        why: the reason given.
        cause: the way in which it becomes active; rollbacks go through `roll_back`.
        at: when; now unless given.

    Raises:
        DeploymentConflict: there is a later deployment than the expected one; nothing was recorded.
        StorageUnavailable: the database does not answer; nothing was recorded.
    """
    with database.writing() as connection:
        last = _check_last(connection, expected)
        return _append(connection, last, version, by=by, why=why, cause=cause, at=at)


def roll_back(
    database: Database, *, expected: int, by: str, why: str, at: datetime | None = None
) -> Deployment:
    """Record that the version of `rollback_target` is active again.

    Arguments are those of `activate`.

    Raises:
        DeploymentConflict: there is a later deployment than the expected one; nothing was recorded.
        NoEarlierDeployment: no other version was active before.
        StorageUnavailable: the database does not answer; nothing was recorded.
    """
    with database.writing() as connection:
        last = _check_last(connection, expected)
        target = None if last is None else _target(connection, last)
        if target is None:
            raise NoEarlierDeployment("No other version was active before.")
        restores = target.restores or target.number
        return _append(
            connection, last, target.version, by=by, why=why, cause=Cause.ROLLBACK, restores=restores, at=at
        )


def rollback_target(database: Database) -> Deployment | None:
    """Return the deployment that a rollback would restore.

    A second step goes further back instead of forth again: the version that was rolled back from was bad.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    with database.reading() as connection:
        last = _last(connection)
        return None if last is None else _target(connection, last)


def history(database: Database, *, limit: int = 50, before: int | None = None) -> Page[Deployment]:
    """Return deployments, the last first, from below the number `before`.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    limit = page_limit(limit)
    query = _query().where(deployments.c.number < page_start(before))
    query = query.order_by(deployments.c.number.desc()).limit(limit + 1)
    with database.reading() as connection:
        found = [_from_row(row) for row in connection.execute(query)]
        total = connection.scalar(select(func.count()).select_from(deployments)) or 0
    rows = tuple(found[:limit])
    return Page(rows, total, rows[-1].number if len(found) > limit else None)


def _conflict() -> DeploymentConflict:
    return DeploymentConflict(
        "Another version has been activated meanwhile.", remedy="Look at the history, then decide again."
    )


def _check_last(connection: Connection, expected: int) -> Deployment | None:
    last = _last(connection)
    if expected != (NONE_YET if last is None else last.number):
        raise _conflict()
    return last


def _append(
    connection: Connection,
    last: Deployment | None,
    version: DeployedVersion,
    *,
    by: str,
    why: str,
    cause: Cause,
    restores: int | None = None,
    at: datetime | None = None,
) -> Deployment:
    number = (NONE_YET if last is None else last.number) + 1
    values = {
        "number": number,
        "created_at": at or utc_now(),
        "created_by": by,
        "why": why,
        "cause": cause.value,
        "restores": restores,
        "model_name": version.name,
        "model_version": version.number,
        "digest": version.digest,
    }
    key = deployments.c.number
    statement = insert_unless_there(connection, deployments, key).values(values).returning(key)
    if connection.scalar(statement) is None:  # another writer came between our look and our insert
        raise _conflict()
    return _from_row(connection.execute(_query().where(key == number)).one())


def _last(connection: Connection) -> Deployment | None:
    row = connection.execute(_query().order_by(deployments.c.number.desc()).limit(1)).first()
    return None if row is None else _from_row(row)


def _target(connection: Connection, last: Deployment) -> Deployment | None:
    """Find the deployment that a rollback of `last` restores.

    It is the nearest one with another version, below `last` or the one that `last` restored.
    """
    query = (
        _query()
        .where(deployments.c.number < (last.restores or last.number))
        .where(deployments.c.digest != last.version.digest)
        .order_by(deployments.c.number.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else _from_row(row)


def _query() -> Select[Any]:
    before = deployments.alias("before")
    return select(
        deployments,
        before.c.model_name.label("previous_name"),
        before.c.model_version.label("previous_number"),
        before.c.digest.label("previous_digest"),
    ).outerjoin(before, before.c.number == deployments.c.number - 1)


def _from_row(row: Row[Any]) -> Deployment:
    previous = None
    if row.previous_digest is not None:
        previous = DeployedVersion(row.previous_name, row.previous_number, row.previous_digest)
    return Deployment(
        number=row.number,
        at=row.created_at,
        by=row.created_by,
        why=row.why,
        cause=Cause(row.cause),
        version=DeployedVersion(row.model_name, row.model_version, row.digest),
        previous=previous,
        restores=row.restores,
    )
