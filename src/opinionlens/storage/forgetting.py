"""Deletion of all rows about one text.

The author of a text may ask for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select

from opinionlens.storage import shadow_answers
from opinionlens.storage.database import Database
from opinionlens.storage.predictions import hash_text
from opinionlens.storage.redaction import redact
from opinionlens.storage.tables import feedback, predictions

# No index leads to a text: that would cost every prediction. A portion takes about a tenth of a second.
_ROWS_AT_ONCE = 50_000
FROM_THE_START = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Rows that one portion deleted.

    The next portion begins after `next_after`; None at the end.
    """

    feedback: int
    predictions: int
    next_after: datetime | None


def forget_text(database: Database, text: str, after: datetime = FROM_THE_START) -> Forgotten:
    """Delete one portion of the rows about a text.

    Call it again from `next_after` until that is None. The rows are those of the prediction log (by the
    hash of the text, and by the text as it is kept, without e-mail addresses, telephone numbers and user
    names), feedback on them, and feedback with that text.

    Raises:
        StorageUnavailable: the database does not answer; of this portion nothing was deleted.
    """
    moment = predictions.c.created_at
    edge = select(moment).where(moment > after).order_by(moment).offset(_ROWS_AT_ONCE - 1).limit(1)
    with database.writing() as connection:
        until: datetime | None = connection.scalar(edge)
        is_within = moment > after if until is None else (moment > after) & (moment <= until)
        is_it = (predictions.c.text_hash == hash_text(text)) | (predictions.c.text == redact(text))
        statement = delete(predictions).where(is_within, is_it).returning(predictions.c.id)
        ids = list(connection.scalars(statement))
        shadow_answers.forget(connection, ids)
        about = sum(
            connection.execute(delete(feedback).where(feedback.c.prediction_id == each)).rowcount
            for each in ids
        )
        if until is None:
            about += _forget_feedback(connection, redact(text))
    return Forgotten(about, len(ids), until)


def _forget_feedback(connection: Connection, kept: str) -> int:
    return connection.execute(delete(feedback).where(feedback.c.text == kept)).rowcount
