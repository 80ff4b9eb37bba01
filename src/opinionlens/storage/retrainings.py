"""Finished retrainings, with their reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Row, delete, select

from opinionlens.storage.database import Database
from opinionlens.storage.inserting import insert_unless_there
from opinionlens.storage.tables import retrainings

# One a day for three years; older ones go when a new one comes.
MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Retraining:
    """One finished retraining.

    Attributes:
        at: when it ended.
        run: the name of its run.
        outcome: how it ended: promoted, proposed or refused.
        model_name: the registered model.
        model_version: the version that was registered, if one was.
        champion_version: the champion before, if there was one.
        body: reasons and figures, as JSON values.
    """

    at: datetime
    run: str
    outcome: str
    model_name: str
    model_version: int | None
    champion_version: int | None
    body: Mapping[str, Any]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons in sentences."""
        return tuple(map(str, self.body.get("reasons", ())))


def add(database: Database, retraining: Retraining) -> None:
    """Store a retraining; the same one again changes nothing.

    Raises:
        ValueError: the body holds NaN or an infinity, which JSON cannot say.
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    values = {
        "id": _id_of(retraining),
        "created_at": retraining.at,
        "run": retraining.run,
        "outcome": retraining.outcome,
        "model_name": retraining.model_name,
        "model_version": retraining.model_version,
        "champion_version": retraining.champion_version,
        "body": json.dumps(dict(retraining.body), allow_nan=False, sort_keys=True),
    }
    with database.writing() as connection:
        connection.execute(insert_unless_there(connection, retrainings, retrainings.c.id).values(values))
        newest_first = select(retrainings.c.created_at).order_by(retrainings.c.created_at.desc())
        first_to_go = connection.scalar(newest_first.offset(MOST_KEPT).limit(1))
        if first_to_go is not None:
            connection.execute(delete(retrainings).where(retrainings.c.created_at <= first_to_go))


def newest(database: Database, *, limit: int = 20) -> list[Retraining]:
    """Return the last retrainings, the newest first.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    query = select(retrainings).order_by(retrainings.c.created_at.desc()).limit(limit)
    with database.reading() as connection:
        return [_from_row(row) for row in connection.execute(query)]


def _id_of(retraining: Retraining) -> UUID:
    return uuid5(NAMESPACE_URL, f"{retraining.run} {retraining.outcome} {retraining.at.isoformat()}")


def _from_row(row: Row[Any]) -> Retraining:
    return Retraining(
        at=row.created_at,
        run=row.run,
        outcome=row.outcome,
        model_name=row.model_name,
        model_version=row.model_version,
        champion_version=row.champion_version,
        body=json.loads(row.body),
    )
