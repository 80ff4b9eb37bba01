"""Served texts that wait for an administrator's label.

Every query looks at a bounded number of the newest rows, however many there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, delete, func, select

from opinionlens.storage import feedback as feedback_rows
from opinionlens.storage import shadow_answers
from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.errors import RecordNotFound
from opinionlens.storage.feedback import REVIEW, Feedback
from opinionlens.storage.inserting import insert_unless_there
from opinionlens.storage.tables import feedback, predictions, review_skips
from opinionlens.text.labels import Label

# Of the prediction log, of which so many rows with a text; of feedback with a text.
NEWEST_PREDICTIONS, MOST_TEXTS, MOST_FEEDBACK = 20_000, 5_000, 2_000
# Labelled texts that near duplicates are looked for among, and as many skipped ones.
MOST_REVIEWED = 2_000
SKIPPED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ReviewCandidate:
    """A text that waits for a label.

    Attributes:
        prediction_id: of its prediction.
        at: when it was predicted.
        text: redacted.
        label: the predicted label.
        probabilities: in the order of LABELS.
        reader: the label that a reader gave last, if one did.
        challenger: that of a challenger in the worker, if it is another one.
    """

    prediction_id: UUID
    at: datetime
    text: str
    label: Label
    probabilities: tuple[float, float, float]
    reader: Label | None
    challenger: Label | None = None


@dataclass(frozen=True, slots=True)
class ReviewProgress:
    """The numbers of labels that were given in the queue."""

    total: int
    last_day: int


@dataclass(frozen=True, slots=True)
class ReviewState:
    """The candidates, the texts dealt with last, and the progress.

    `done_texts` are the newest that were labelled, and the newest that were skipped.
    """

    candidates: Sequence[ReviewCandidate]
    done_texts: Sequence[str]
    progress: ReviewProgress


def read_state(database: Database, *, at: datetime | None = None) -> ReviewState:
    """Return the newest texts without a label from the queue.

    Skipped ones come back after 30 days.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    now = at or utc_now()
    with database.reading() as connection:
        readers = _labels_of_readers(connection)
        challengers = shadow_answers.differing_labels(connection, MOST_TEXTS)
        gone = _done(connection, now)
        rows = [*connection.execute(_of_feedback()), *connection.execute(_of_log(connection))]
        done = [*connection.scalars(_labelled_texts()), *connection.scalars(_skipped_texts(now))]
        progress = _progress(connection, now)
    found = {row.id: _candidate(row, readers, challengers) for row in rows if row.id not in gone}
    return ReviewState(tuple(found.values()), tuple(text for text in done if text is not None), progress)


def label_text(
    database: Database, prediction_id: UUID, label: Label, *, at: datetime | None = None
) -> Feedback:
    """Store a label as feedback of the source `review`.

    Raises:
        RecordNotFound: the text is not kept any more.
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    with database.reading() as connection:
        texts = connection.scalars(_known_texts().where(predictions.c.id == prediction_id))
        text = next((each for each in texts if each is not None), None)
    if text is None:
        raise RecordNotFound("The text is not kept any more.")
    return feedback_rows.add(
        database, label=label, source=REVIEW, prediction_id=prediction_id, text=text, at=at
    )


def skip(database: Database, prediction_id: UUID, *, at: datetime | None = None) -> None:
    """Leave a text out of the queue for 30 days.

    Raises:
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    now = at or utc_now()
    with database.writing() as connection:
        connection.execute(delete(review_skips).where(review_skips.c.created_at < now - SKIPPED_FOR))
        statement = insert_unless_there(connection, review_skips, review_skips.c.prediction_id)
        connection.execute(statement.values(prediction_id=prediction_id, created_at=now))


def take_back(database: Database, prediction_id: UUID) -> bool:
    """Take back the label or the skip of a text.

    Returns:
        Whether there was one.

    Raises:
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    is_it = (feedback.c.prediction_id == prediction_id) & (feedback.c.source == REVIEW)
    last = select(func.max(feedback.c.id)).where(is_it).scalar_subquery()
    with database.writing() as connection:
        taken = connection.execute(delete(feedback).where(feedback.c.id == last)).rowcount
        taken += connection.execute(
            delete(review_skips).where(review_skips.c.prediction_id == prediction_id)
        ).rowcount
    return taken > 0


_FIELDS = (
    predictions.c.id,
    predictions.c.created_at,
    predictions.c.label,
    predictions.c.p_negative,
    predictions.c.p_neutral,
    predictions.c.p_positive,
)


def _of_log(connection: Connection) -> Select[Any]:
    """Return the query for the newest predictions with a text."""
    moment = predictions.c.created_at
    edge = select(moment).order_by(moment.desc()).offset(NEWEST_PREDICTIONS - 1).limit(1)
    since = connection.scalar(edge)
    query = select(*_FIELDS, predictions.c.text).where(predictions.c.text.is_not(None))
    if since is not None:
        query = query.where(moment >= since)
    return query.order_by(moment.desc()).limit(MOST_TEXTS)


def _of_feedback() -> Select[Any]:
    """Return the query for the newest texts of readers.

    They are there also where predicted texts are not stored.
    """
    newest = (
        select(feedback.c.prediction_id, feedback.c.text)
        .where(feedback.c.source != REVIEW, feedback.c.text.is_not(None))
        .order_by(feedback.c.id.desc())
        .limit(MOST_FEEDBACK)
        .subquery()
    )
    return select(*_FIELDS, newest.c.text).join(newest, newest.c.prediction_id == predictions.c.id)


def _known_texts() -> Select[Any]:
    """Return the query for texts of predictions.

    A text is kept with the prediction, or with feedback on it.
    """
    with_feedback = predictions.outerjoin(feedback, feedback.c.prediction_id == predictions.c.id)
    return select(func.coalesce(predictions.c.text, feedback.c.text)).select_from(with_feedback)


def _labelled_texts() -> Select[Any]:
    return (
        select(feedback.c.text)
        .where(feedback.c.source == REVIEW, feedback.c.text.is_not(None))
        .order_by(feedback.c.id.desc())
        .limit(MOST_REVIEWED)
    )


def _skipped_texts(now: datetime) -> Select[Any]:
    return _known_texts().where(predictions.c.id.in_(_skipped(now, MOST_REVIEWED)))


def _skipped(now: datetime, most: int) -> Select[Any]:
    return (
        select(review_skips.c.prediction_id)
        .where(review_skips.c.created_at >= now - SKIPPED_FOR)
        .order_by(review_skips.c.created_at.desc())
        .limit(most)
    )


def _labels_of_readers(connection: Connection) -> dict[UUID, Label]:
    query = (
        select(feedback.c.prediction_id, feedback.c.label)
        .where(feedback.c.source != REVIEW, feedback.c.prediction_id.is_not(None))
        .order_by(feedback.c.id.desc())
        .limit(MOST_FEEDBACK)
    )
    found: dict[UUID, Label] = {}
    for prediction_id, label in connection.execute(query):
        found.setdefault(prediction_id, Label(label))
    return found


def _done(connection: Connection, now: datetime) -> set[UUID]:
    """Return the predictions that are labelled or skipped."""
    labelled = (
        select(feedback.c.prediction_id)
        .where(feedback.c.source == REVIEW, feedback.c.prediction_id.is_not(None))
        .order_by(feedback.c.id.desc())
        .limit(NEWEST_PREDICTIONS)
    )
    skipped = _skipped(now, NEWEST_PREDICTIONS)
    return {*connection.scalars(labelled), *connection.scalars(skipped)}


def _progress(connection: Connection, now: datetime) -> ReviewProgress:
    given = select(func.count()).select_from(feedback).where(feedback.c.source == REVIEW)
    recent = given.where(feedback.c.created_at >= now - timedelta(days=1))
    return ReviewProgress(connection.scalar(given) or 0, connection.scalar(recent) or 0)


def _candidate(
    row: Row[Any], readers: Mapping[UUID, Label], challengers: Mapping[UUID, Label]
) -> ReviewCandidate:
    return ReviewCandidate(
        prediction_id=row.id,
        at=row.created_at,
        text=row.text,
        label=Label(row.label),
        probabilities=(row.p_negative, row.p_neutral, row.p_positive),
        reader=readers.get(row.id),
        challenger=challengers.get(row.id),
    )
