"""Stored predictions, one row for each text.

The text itself is stored only where a setting says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_

from opinionlens.storage import feedback
from opinionlens.storage.database import Database
from opinionlens.storage.deleting import clear_older, delete_older
from opinionlens.storage.inserting import insert_many_unless_there
from opinionlens.storage.tables import predictions
from opinionlens.text.labels import Label

_ROWS_AT_ONCE = 5_000


@dataclass(slots=True)
class PredictionRow:
    """One served prediction.

    Not frozen: every request makes one, in half the time, and the log adds the share of unknown words.

    Attributes:
        id: given with the prediction, so that feedback can name it.
        at: when.
        model_name: the model that predicted.
        model_version: its version; None for the fallback.
        text_hash: `hash_text` of the text.
        length_chars: its length.
        label: the predicted label.
        probabilities: in the order of LABELS.
        latency_seconds: how long the prediction took.
        text: the text, redacted; None unless a setting keeps it.
        unknown_share: of its distinct words those that the vocabulary lacks; None if it is not known.
    """

    id: UUID
    at: datetime
    model_name: str
    model_version: int | None
    text_hash: str
    length_chars: int
    label: Label
    probabilities: tuple[float, float, float]
    latency_seconds: float
    text: str | None = None
    unknown_share: float | None = None


def logged_model(name: str, version: int | str | None) -> tuple[str, int | None]:
    """Return a model's name and number in the log.

    A version without a number, as that of a folder, is a part of the name.
    """
    return (f"{name}@{version}", None) if isinstance(version, str) else (name, version)


def hash_text(text: str) -> str:
    """Return the SHA-256 of any text, in hexadecimal.

    Lone surrogates, which UTF-8 refuses, are no error.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def write(database: Database, rows: Sequence[PredictionRow]) -> None:
    """Store rows; existing ones stay as they are.

    So a write with an unknown outcome can be repeated.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    if rows:
        with database.writing() as connection:
            values = [_values(row) for row in rows]
            insert_many_unless_there(connection, predictions, predictions.c.id, values)


def find(database: Database, prediction_id: UUID) -> PredictionRow | None:
    """Return a prediction; None if lost or expired.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    query = select(predictions).where(predictions.c.id == prediction_id)
    with database.reading() as connection:
        row = connection.execute(query).first()
    return None if row is None else _from_row(row)


def newest(
    database: Database, *, since: datetime, until: datetime, limit: int = 10_000
) -> list[PredictionRow]:
    """Return at most `limit` predictions, the last first.

    Their times are `since` <= time < `until`.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    moment = predictions.c.created_at
    query = select(predictions).where(moment >= since, moment < until).order_by(moment.desc()).limit(limit)
    with database.reading() as connection:
        return [_from_row(row) for row in connection.execute(query)]


def kept_texts(
    database: Database,
    *,
    model_name: str,
    model_version: int | None,
    since: datetime,
    until: datetime,
    limit: int = 1_000,
) -> list[str]:
    """Return stored texts of one version's newest predictions.

    Of the newest `limit` with `since` <= time < `until`, those whose text is stored.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    query = (
        select(predictions.c.text)
        .where(predictions.c.model_name == model_name)
        .where(predictions.c.created_at >= since, predictions.c.created_at < until)
        .where(predictions.c.model_version.is_not_distinct_from(model_version))
        .order_by(predictions.c.created_at.desc(), predictions.c.id.desc())
        .limit(limit)
    )
    with database.reading() as connection:
        return [row.text for row in connection.execute(query) if row.text is not None]


def pages(
    database: Database,
    *,
    model_name: str,
    model_version: int | None,
    since: datetime | None,
    until: datetime,
    limit: int | None,
) -> Iterator[list[PredictionRow]]:
    """Yield one version's predictions in pages, the last first.

    Args:
        database: asked once for each page, so that no transaction lasts.
        model_name: of the version.
        model_version: its number; None for the fallback.
        since: the first moment; None for all.
        until: the first moment after them.
        limit: at most so many; None for all.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    moment, key = predictions.c.created_at, predictions.c.id
    query = select(predictions).where(predictions.c.model_name == model_name, moment < until)
    query = query.where(predictions.c.model_version.is_not_distinct_from(model_version))
    if since is not None:
        query = query.where(moment >= since)
    query = query.order_by(moment.desc(), key.desc())
    last: PredictionRow | None = None
    left = limit
    while left is None or left > 0:
        size = _ROWS_AT_ONCE if left is None else min(left, _ROWS_AT_ONCE)
        before = query if last is None else query.where(tuple_(moment, key) < (last.at, last.id))
        with database.reading() as connection:
            page = [_from_row(row) for row in connection.execute(before.limit(size))]
        if page:
            yield page
            last = page[-1]
        if len(page) < size:
            return
        left = None if left is None else left - len(page)


def delete_before(database: Database, before: datetime) -> int:
    """Delete older predictions; return their number.

    Texts with feedback are copied to the feedback first.

    Raises:
        StorageUnavailable: the database does not answer; the next call goes on.
    """
    feedback.keep_texts(database, before)
    return delete_older(database, predictions, predictions.c.created_at, before)


def forget_texts(database: Database, before: datetime) -> int:
    """Clear the texts of older predictions; return their number.

    Texts with feedback are copied to the feedback first.

    Raises:
        StorageUnavailable: the database does not answer; the next call goes on.
    """
    feedback.keep_texts(database, before)
    return clear_older(database, predictions.c.text, predictions.c.created_at, before)


def _values(row: PredictionRow) -> tuple[object, ...]:
    """Return values in the order of the columns."""
    return (
        row.id,
        row.at,
        row.model_name,
        row.model_version,
        row.text_hash,
        row.length_chars,
        row.label.value,
        *row.probabilities,
        row.latency_seconds,
        row.text,
        row.unknown_share,
    )


def _from_row(row: Row[Any]) -> PredictionRow:
    return PredictionRow(
        id=row.id,
        at=row.created_at,
        model_name=row.model_name,
        model_version=row.model_version,
        text_hash=row.text_hash,
        length_chars=row.length_chars,
        label=Label(row.label),
        probabilities=(row.p_negative, row.p_neutral, row.p_positive),
        latency_seconds=row.latency_seconds,
        text=row.text,
        unknown_share=row.unknown_share,
    )
