"""Stored comparisons of served texts with the drift reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.deleting import delete_older
from opinionlens.storage.drift_data import Json
from opinionlens.storage.paging import Page, newest_rows, page_limit
from opinionlens.storage.tables import drift_reports

SERVED_TEXTS = "prediction_log"
# Windows that other programs measured are of served texts, too.
SERVED_SOURCES = (SERVED_TEXTS, "xcom", "mlflow", "table", "disk")


@dataclass(frozen=True, slots=True)
class DriftReport:
    """One comparison.

    Attributes:
        id: counted up.
        at: when it was made.
        model_name: the model with whose reference the window was compared.
        model_version: its version; None for the fallback.
        window_start: the first moment of the window.
        window_end: the first moment after it.
        has_drifted: whether a measure passed its threshold.
        body: the measures with their thresholds, as JSON.
        source: of the window, as the body names it; None if it does not.
    """

    id: int
    at: datetime
    model_name: str
    model_version: int | None
    window_start: datetime
    window_end: datetime
    has_drifted: bool
    body: Mapping[str, Json]
    source: str | None = None


def add(
    database: Database,
    *,
    model_name: str,
    model_version: int | None,
    window: tuple[datetime, datetime],
    has_drifted: bool,
    body: Mapping[str, Json],
    at: datetime | None = None,
) -> DriftReport:
    """Store one comparison.

    The `window` runs from its first moment to the first after it. What the body names as its `source` can be
    searched for.

    Raises:
        ValueError: the body holds NaN or an infinity, which JSON cannot say.
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    source = body.get("source")
    values = {
        "created_at": at or utc_now(),
        "model_name": model_name,
        "model_version": model_version,
        "window_start": window[0],
        "window_end": window[1],
        "has_drifted": has_drifted,
        "body": json.dumps(dict(body), allow_nan=False, sort_keys=True),
        "source": source if isinstance(source, str) else None,
    }
    statement = insert(drift_reports).values(values).returning(drift_reports)
    with database.writing() as connection:
        return _from_row(connection.execute(statement).one())


def newest(database: Database, *, limit: int = 50, before: int | None = None) -> Page[DriftReport]:
    """Return reports, the last first, from below the id `before`.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    return newest_rows(database, drift_reports, _from_row, limit=limit, before=before)


def newest_served(database: Database) -> DriftReport | None:
    """Return the newest report on served texts, not on files.

    Those on windows of other programs count.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    return next(iter(_last_of(database, SERVED_SOURCES, limit=1)), None)


def last_served(database: Database, *, limit: int) -> list[DriftReport]:
    """Return the newest reports on the prediction log, last first.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    return _last_of(database, (SERVED_TEXTS,), limit=limit)


def _last_of(database: Database, sources: tuple[str, ...], *, limit: int) -> list[DriftReport]:
    query = select(drift_reports).where(drift_reports.c.source.in_(sources))
    query = query.order_by(drift_reports.c.id.desc()).limit(page_limit(limit))
    with database.reading() as connection:
        return [_from_row(row) for row in connection.execute(query)]


def delete_before(database: Database, before: datetime) -> int:
    """Delete older reports; return their number.

    Raises:
        StorageUnavailable: the database does not answer; the next call goes on.
    """
    return delete_older(database, drift_reports, drift_reports.c.created_at, before)


def _from_row(row: Row[Any]) -> DriftReport:
    return DriftReport(
        id=row.id,
        at=row.created_at,
        model_name=row.model_name,
        model_version=row.model_version,
        window_start=row.window_start,
        window_end=row.window_end,
        has_drifted=row.has_drifted,
        body=json.loads(row.body),
        source=row.source,
    )
