"""Measured values for drift jobs: kind, value and time.

The form is the one that the older system's jobs read. `newest` also reads a table that its users made
with the documented `CREATE TABLE`, in a database of their own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.deleting import delete_older
from opinionlens.storage.tables import drift_data

Json = dict[str, "Json"] | list["Json"] | str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class DriftDatum:
    """One measured value.

    Attributes:
        id: counted up.
        type: the kind of measure, for example `sentiment_dist`.
        value: any JSON value.
        at: when; None where a table of the user's own says nothing.
    """

    id: int
    type: str
    value: Json
    at: datetime | None


def add(database: Database, type_: str, value: Json, *, at: datetime | None = None) -> DriftDatum:
    """Store one value.

    Raises:
        ValueError: the value holds NaN or an infinity, which JSON cannot say.
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    json.dumps(value, allow_nan=False)  # within the statement the error would be the database's
    values = {"type": type_, "value": value, "created_at": at or utc_now()}
    with database.writing() as connection:
        return _from_row(connection.execute(insert(drift_data).values(values).returning(drift_data)).one())


def newest(database: Database, type_: str, *, limit: int = 1) -> list[DriftDatum]:
    """Return the last values of one kind, the last first.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    query = (
        select(drift_data)
        .where(drift_data.c.type == type_)
        .order_by(drift_data.c.created_at.desc().nulls_last(), drift_data.c.id.desc())
        .limit(limit)
    )
    with database.reading() as connection:
        return [_from_row(row) for row in connection.execute(query)]


def delete_before(database: Database, before: datetime) -> int:
    """Delete older values, and return how many.

    Raises:
        StorageUnavailable: the database does not answer; the next call goes on.
    """
    return delete_older(database, drift_data, drift_data.c.created_at, before)


def _from_row(row: Row[Any]) -> DriftDatum:
    return DriftDatum(row.id, row.type, row.value, row.created_at)
