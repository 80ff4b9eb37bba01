"""Readers' feedback on predictions.

With its text it becomes training data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.errors import RecordNotFound
from opinionlens.storage.paging import MAX_ROW_NUMBER, Page, newest_rows
from opinionlens.storage.redaction import redact
from opinionlens.storage.tables import feedback, predictions
from opinionlens.text.labels import Label

_ROWS_AT_ONCE = 1_000
# The source of labels that administrators give in the review queue; others may not name it.
REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One reader's label for one text.

    Attributes:
        id: counted up.
        at: when it was given.
        prediction_id: the prediction that it is about, if it names one.
        text: the text, redacted, if it was given or kept.
        label: the right label, as the reader says.
        source: where it was given: the page, a program …
    """

    id: int
    at: datetime
    prediction_id: UUID | None
    text: str | None
    label: Label
    source: str


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """Feedback as a row of a data set.

    It has the columns that `datasets` reads.
    """

    text: str
    label: Label
    source: str
    time: datetime


@dataclass(frozen=True, slots=True)
class JudgedPrediction:
    """A prediction with the label that feedback gives.

    Attributes:
        probabilities: in the order of LABELS.
        label: the right one, as the reader says.
        source: where it was given.
    """

    probabilities: tuple[float, float, float]
    label: Label
    source: str


def add(
    database: Database,
    *,
    label: Label,
    source: str,
    prediction_id: UUID | None = None,
    text: str | None = None,
    at: datetime | None = None,
) -> Feedback:
    """Store feedback on a prediction, a text, or both.

    The text is redacted here.

    Raises:
        ValueError: neither a prediction nor a text was named.
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    if prediction_id is None and text is None:
        raise ValueError("feedback needs a prediction or a text")
    values = {
        "created_at": at or utc_now(),
        "prediction_id": prediction_id,
        "text": None if text is None else redact(text),
        "label": label.value,
        "source": source,
    }
    with database.writing() as connection:
        return _from_row(connection.execute(insert(feedback).values(values).returning(feedback)).one())


def newest(database: Database, *, limit: int = 50, before: int | None = None) -> Page[Feedback]:
    """Return feedback, the last first, from below the id `before`.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    return newest_rows(database, feedback, _from_row, limit=limit, before=before)


def remove(database: Database, feedback_id: int) -> Feedback:
    """Delete one row of feedback, and return it.

    Raises:
        RecordNotFound: there is none with that id.
        StorageUnavailable: the database does not answer; nothing was deleted.
    """
    is_it = feedback.c.id == max(0, min(feedback_id, MAX_ROW_NUMBER))
    with database.writing() as connection:
        row = connection.execute(delete(feedback).where(is_it).returning(feedback)).first()
    if row is None:
        raise RecordNotFound(f"There is no feedback {feedback_id}.")
    return _from_row(row)


def labelled_rows(database: Database) -> Iterator[LabelledRow]:
    """Yield feedback as training rows, the oldest first.

    Of several on one prediction only the last counts. Feedback whose text is not known (only a prediction was
    named, and texts are not kept) is left out. Rows are read in portions, so nothing is held open while the
    caller writes them.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    text = func.coalesce(feedback.c.text, predictions.c.text).label("known_text")
    later = feedback.alias("later")
    is_overruled = (
        select(later.c.id)
        .where(later.c.prediction_id == feedback.c.prediction_id, later.c.id > feedback.c.id)
        .exists()
    )
    query = (
        select(feedback.c.id, feedback.c.label, feedback.c.source, feedback.c.created_at, text)
        .outerjoin(predictions, predictions.c.id == feedback.c.prediction_id)
        .where(text.is_not(None), ~is_overruled)
        .order_by(feedback.c.id)
        .limit(_ROWS_AT_ONCE)
    )
    last = 0
    while True:
        with database.reading() as connection:
            rows = connection.execute(query.where(feedback.c.id > last)).all()
        for row in rows:
            yield LabelledRow(row.known_text, Label(row.label), row.source, row.created_at)
        if len(rows) < _ROWS_AT_ONCE:
            return
        last = rows[-1].id


def on_predictions(
    database: Database,
    *,
    model_name: str,
    model_version: int | None,
    since: datetime,
    until: datetime,
    limit: int = 100_000,
) -> list[JudgedPrediction]:
    """Return feedback on one version's predictions, the last first.

    Of several on one prediction only the last counts. At most `limit` rows are looked at.

    Args:
        database: asked once.
        model_name: of the version.
        model_version: its number; None for the fallback.
        since: the predictions' first moment.
        until: the first moment after them.
        limit: the newest feedback that is looked at.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    query = (
        select(
            feedback.c.prediction_id,
            feedback.c.label,
            feedback.c.source,
            predictions.c.p_negative,
            predictions.c.p_neutral,
            predictions.c.p_positive,
        )
        .join(predictions, predictions.c.id == feedback.c.prediction_id)
        .where(predictions.c.model_name == model_name)
        .where(predictions.c.model_version.is_not_distinct_from(model_version))
        .where(predictions.c.created_at >= since, predictions.c.created_at < until)
        .order_by(feedback.c.id.desc())
        .limit(limit)
    )
    found: dict[UUID, JudgedPrediction] = {}
    with database.reading() as connection:
        for row in connection.execute(query):
            shares = (row.p_negative, row.p_neutral, row.p_positive)
            found.setdefault(row.prediction_id, JudgedPrediction(shares, Label(row.label), row.source))
    return list(found.values())


def keep_texts(database: Database, before: datetime) -> None:
    """Copy older predictions' texts to the feedback on them.

    The predictions' own texts are about to be deleted.

    Raises:
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    known = (
        select(predictions.c.text)
        .where(predictions.c.id == feedback.c.prediction_id)
        .where(predictions.c.created_at < before, predictions.c.text.is_not(None))
    )
    statement = (
        update(feedback).where(feedback.c.text.is_(None), known.exists()).values(text=known.scalar_subquery())
    )
    with database.writing() as connection:
        connection.execute(statement)


def _from_row(row: Row[Any]) -> Feedback:
    return Feedback(
        id=row.id,
        at=row.created_at,
        prediction_id=row.prediction_id,
        text=row.text,
        label=Label(row.label),
        source=row.source,
    )
