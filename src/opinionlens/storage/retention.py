"""Limits on the age and number of rows.

A clock that jumps ahead makes every row look old. No sweep therefore deletes more than half of the
rows: of more it takes the oldest tenth, so that a person has hours to notice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Column, ColumnElement, Connection, func, select, true

from opinionlens.storage import (
    drift_data,
    drift_reports,
    drift_sums,
    login_attempts,
    predictions,
    sessions,
    shadow_answers,
)
from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.tables import drift_data as drift_table
from opinionlens.storage.tables import drift_reports as reports_table
from opinionlens.storage.tables import drift_sums as sums_table
from opinionlens.storage.tables import predictions as predictions_table
from opinionlens.storage.tables import shadow_answers as shadow_table

_CAUTIOUS_SHARE = 10

log = structlog.get_logger("storage")


@dataclass(frozen=True, slots=True)
class Retention:
    """The largest age and number of rows.

    None means no limit.

    Deployments, feedback, users and keys are never deleted.
    """

    prediction_texts: timedelta | None = timedelta(days=30)
    predictions: timedelta | None = timedelta(days=365)
    drift_data: timedelta | None = timedelta(days=365)
    drift_sums: timedelta | None = timedelta(days=365)
    drift_reports: timedelta | None = timedelta(days=730)
    login_attempts: timedelta | None = timedelta(days=1)
    shadow_answers: timedelta | None = timedelta(days=30)
    most_predictions: int | None = 2_000_000


@dataclass(frozen=True, slots=True)
class Expired:
    """Numbers of deleted rows by kind.

    `held_back` counts old rows that were left for the next sweeps.
    """

    prediction_texts: int = 0
    predictions: int = 0
    drift_data: int = 0
    drift_sums: int = 0
    drift_reports: int = 0
    login_attempts: int = 0
    sessions: int = 0
    shadow_answers: int = 0
    held_back: int = 0

    def by_kind(self) -> dict[str, int]:
        """Return the numbers of deleted rows by kind."""
        names = (field.name for field in fields(self) if field.name != "held_back")
        return {name: getattr(self, name) for name in names}


def may_go(total: int, old: int) -> int:
    """Return how many of the old rows one sweep deletes.

    More than half of all is no usual day: the clock may be wrong, nothing may have been written for the whole
    time, or the age was shortened.
    """
    return old if 2 * old <= total else max(1, total // _CAUTIOUS_SHARE)


def delete_expired(database: Database, retention: Retention, *, at: datetime | None = None) -> Expired:
    """Delete rows beyond the limits, and expired sessions.

    Raises:
        StorageUnavailable: the database does not answer; part of it may be done, the next call goes on.
    """
    now = at or utc_now()
    row_time, has_text = predictions_table.c.created_at, predictions_table.c.text.is_not(None)
    rows = _Sweep(database, now, "predictions", row_time)
    texts = _Sweep(database, now, "prediction_texts", row_time, has_text)
    data = _Sweep(database, now, "drift_data", drift_table.c.created_at)
    sums = _Sweep(database, now, "drift_sums", sums_table.c.hour)
    reports = _Sweep(database, now, "drift_reports", reports_table.c.created_at)
    shadow = _Sweep(database, now, "shadow_answers", shadow_table.c.created_at)
    attempts = retention.login_attempts
    gone = rows.older(retention.predictions, predictions.delete_before)
    gone += delete_excess(database, retention.most_predictions)
    return Expired(
        predictions=gone,
        prediction_texts=texts.older(retention.prediction_texts, predictions.forget_texts),
        drift_data=data.older(retention.drift_data, drift_data.delete_before),
        drift_sums=sums.older(retention.drift_sums, drift_sums.delete_before),
        drift_reports=reports.older(retention.drift_reports, drift_reports.delete_before),
        login_attempts=0 if attempts is None else login_attempts.delete_before(database, now - attempts),
        sessions=sessions.delete_expired(database, at=now),
        shadow_answers=shadow.older(retention.shadow_answers, shadow_answers.delete_before),
        held_back=sum(sweep.held_back for sweep in (rows, texts, data, sums, reports, shadow)),
    )


def delete_excess(database: Database, most: int | None) -> int:
    """Delete the oldest predictions beyond `most`; return how many.

    Raises:
        StorageUnavailable: the database does not answer; the next call goes on.
    """
    if most is None:
        return 0
    moment = predictions_table.c.created_at
    with database.reading() as connection:
        total = connection.scalar(select(func.count()).select_from(predictions_table)) or 0
        if total <= most:
            return 0
        first_kept = _first_kept(connection, moment, true(), total - most)
    return predictions.delete_before(database, first_kept)


def _first_kept(
    connection: Connection, moment: Column[datetime], which: ColumnElement[bool], count: int
) -> datetime:
    """Return the time that ends the `count` oldest rows.

    Where they share one time, return the next.
    """
    times = select(moment).where(which).order_by(moment)
    oldest: datetime = connection.execute(times.limit(1)).scalar_one()
    found: datetime = connection.execute(times.offset(count).limit(1)).scalar_one()
    if found > oldest:
        return found
    later: datetime | None = connection.scalar(times.where(moment > oldest).limit(1))
    return oldest if later is None else later


class _Sweep:
    """One deletion of old rows of one kind.

    It takes the rows of `which`, by their time.
    """

    def __init__(
        self,
        database: Database,
        now: datetime,
        kind: str,
        moment: Column[datetime],
        which: ColumnElement[bool] | None = None,
    ) -> None:
        self._database = database
        self._now = now
        self._kind = kind
        self._moment = moment
        self._which = true() if which is None else which
        self.held_back = 0

    def older(self, age: timedelta | None, delete: Callable[[Database, datetime], int]) -> int:
        """Delete rows older than `age`; return their number.

        One sweep may leave some of them for the next ones.
        """
        if age is None:
            return 0
        before = self._now - age
        counts = select(func.count(), func.count().filter(self._moment < before)).where(self._which)
        with self._database.reading() as connection:
            total, old = connection.execute(counts).one()
            count = may_go(total, old)
            if count < old:
                self.held_back = old - count
                before = _first_kept(connection, self._moment, self._which, count)
                newest = connection.scalar(select(func.max(self._moment)).where(self._which))
                log.warning(
                    "retention.held_back",
                    kind=self._kind,
                    rows=self.held_back,
                    newest=str(newest),
                    now=str(self._now),
                    remedy="Look at the clock. If it is right, do nothing: a tenth goes each hour.",
                )
        return delete(self._database, before) if old else 0
