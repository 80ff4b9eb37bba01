"""How long what is kept for, and deleting what has been kept for longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from opinionlens.storage import drift_data, login_attempts, predictions, sessions
from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database


@dataclass(frozen=True, slots=True)
class Retention:
    """The age at which rows go; None keeps them. Deployments, feedback, users and keys are never deleted."""

    prediction_texts: timedelta | None = timedelta(days=30)
    predictions: timedelta | None = timedelta(days=365)
    drift_data: timedelta | None = timedelta(days=365)
    login_attempts: timedelta | None = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Expired:
    """How many rows went, by kind."""

    prediction_texts: int
    predictions: int
    drift_data: int
    login_attempts: int
    sessions: int


def delete_expired(database: Database, retention: Retention, *, at: datetime | None = None) -> Expired:
    """Delete what is older than it may be, and the sessions that have expired.

    Raises:
        StorageUnavailable: the database does not answer; part of it may be done, the next call goes on.
    """
    now = at or utc_now()
    texts, rows = retention.prediction_texts, retention.predictions
    data, attempts = retention.drift_data, retention.login_attempts
    return Expired(
        predictions=0 if rows is None else predictions.delete_before(database, now - rows),
        prediction_texts=0 if texts is None else predictions.forget_texts(database, now - texts),
        drift_data=0 if data is None else drift_data.delete_before(database, now - data),
        login_attempts=0 if attempts is None else login_attempts.delete_before(database, now - attempts),
        sessions=sessions.delete_expired(database, at=now),
    )
