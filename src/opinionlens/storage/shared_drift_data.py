"""The table `drift_data` in the older form, in any database.

Plain SQL: the table may have been made by its documented `CREATE TABLE`, with other types than ours
(JSONB, times with or without a zone, ids of any kind).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.drift_data import Json

# Times without a zone are in that of the session on PostgreSQL, where now() writes them so; in UTC on SQLite.
_WHEN = {"sqlite": "created_at", "postgresql": "CAST(created_at AS timestamptz)"}
_NEWEST = """
    SELECT length(CAST(value AS TEXT)) AS size,
           CASE WHEN length(CAST(value AS TEXT)) <= :most THEN CAST(value AS TEXT) END AS value,
           {when} AS created_at
    FROM drift_data WHERE type = :type ORDER BY drift_data.created_at DESC NULLS LAST, id DESC LIMIT 1
"""
_INSERT = "INSERT INTO drift_data (type, value, created_at) VALUES (:type, :value, :created_at)"


@dataclass(frozen=True, slots=True)
class SharedDatum:
    """The newest row of one kind.

    Attributes:
        size: of the value, in characters.
        value: as JSON text; None where it is larger than allowed.
        at: when it was written; None where the row does not say.
    """

    size: int
    value: str | None
    at: datetime | None


def newest_of_kinds(database: Database, kinds: tuple[str, ...], *, most_chars: int) -> dict[str, SharedDatum]:
    """Return the newest row of each kind that has one.

    Raises:
        StorageUnavailable: the database does not answer, or has no such table.
    """
    query = text(_NEWEST.format(when=_WHEN[database.url.get_backend_name()]))
    with database.reading() as connection:
        rows = {kind: connection.execute(query, {"type": kind, "most": most_chars}).first() for kind in kinds}
    return {
        kind: SharedDatum(row.size or 0, row.value, _in_utc(row.created_at))
        for kind, row in rows.items()
        if row is not None
    }


def add_together(database: Database, values: Mapping[str, Json], *, at: datetime | None = None) -> datetime:
    """Store values of several kinds at one moment; return it.

    Raises:
        ValueError: a value holds NaN or an infinity, which JSON cannot say.
        StorageUnavailable: the database does not answer, or has no such table; nothing was stored.
    """
    moment = at or utc_now()
    rows = [
        {"type": kind, "value": json.dumps(value, allow_nan=False, sort_keys=True)}
        for kind, value in values.items()
    ]
    with database.writing() as connection:
        written = _written(connection, moment)
        connection.execute(text(_INSERT), [{**row, "created_at": written} for row in rows])
    return moment


def _written(connection: Connection, moment: datetime) -> str | datetime:
    """Return a moment as the database's own default writes it."""
    if connection.dialect.name == "sqlite":
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return moment


def _in_utc(value: Any) -> datetime | None:  # noqa: ANN401 - whatever the column holds
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
