"""Answers of a challenger to texts that another version answered.

The texts stay with their predictions, and go with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Row, Select, and_, case, delete, exists, func, select

from opinionlens.classifiers.prediction import Prediction
from opinionlens.classifiers.prediction_pair import PredictionPair
from opinionlens.storage.database import Database
from opinionlens.storage.deleting import delete_older
from opinionlens.storage.inserting import insert_unless_there
from opinionlens.storage.tables import predictions, shadow_answers
from opinionlens.text.labels import Label

# Older predictions are not answered any more; a look at so many takes some hundredths of a second.
NEWEST_PREDICTIONS = 20_000
# More than the newest predictions, so that no answer goes whose text would be answered again.
MOST_ROWS = 100_000
_ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class ShadowVersion:
    """A version that answers unseen, by name and number."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class ServedText:
    """A stored text with the prediction that was served."""

    prediction_id: UUID
    at: datetime
    text: str
    served_by: ShadowVersion
    served: Prediction


@dataclass(frozen=True, slots=True)
class ShadowAnswer:
    """A served text with the challenger's prediction for it."""

    served: ServedText
    challenger: ShadowVersion
    answer: Prediction

    @property
    def pair(self) -> PredictionPair:
        """The served prediction and the challenger's."""
        return PredictionPair(self.served.served, self.answer)


@dataclass(frozen=True, slots=True)
class ShadowTotals:
    """Stored answers of one challenger.

    `since` and `until` are the times of the first and last text.
    """

    version: ShadowVersion
    answered: int
    differing: int
    since: datetime
    until: datetime


def waiting(
    database: Database, challenger: ShadowVersion, *, is_wanted: Callable[[UUID], bool], most: int
) -> list[UUID]:
    """Return predictions that wait for the challenger, newest first.

    They are of other versions of its model, among the newest 20,000 of the log, with a stored text.

    Args:
        database: where they are.
        challenger: the version that is to answer.
        is_wanted: whether a prediction belongs to the share that it answers.
        most: return no more.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    moment = predictions.c.created_at
    edge = select(moment).order_by(moment.desc()).offset(NEWEST_PREDICTIONS - 1).limit(1)
    is_answered = exists().where(shadow_answers.c.prediction_id == predictions.c.id, *_is_by(challenger))
    query = (
        select(predictions.c.id)
        .where(predictions.c.text.is_not(None), predictions.c.model_name == challenger.name)
        .where(predictions.c.model_version != challenger.number, ~is_answered)
        .order_by(moment.desc())
    )
    with database.reading() as connection:
        since = connection.scalar(edge)
        ids = connection.scalars(query if since is None else query.where(moment >= since))
        wanted: list[UUID] = []
        for each in ids:
            if is_wanted(each):
                wanted.append(each)
            if len(wanted) == most:
                break
    return wanted


def has_texts(database: Database) -> bool:
    """Tell whether any predicted text is stored.

    Raises StorageUnavailable.
    """
    query = select(predictions.c.id).where(predictions.c.text.is_not(None)).limit(1)
    with database.reading() as connection:
        return connection.scalar(query) is not None


def served_texts(database: Database, ids: Sequence[UUID]) -> Iterator[list[ServedText]]:
    """Yield the predictions with their texts, in portions.

    What has been deleted meanwhile is left out. Raises StorageUnavailable.
    """
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        some = ids[start : start + _ROWS_AT_ONCE]
        query = select(predictions).where(predictions.c.id.in_(some), predictions.c.text.is_not(None))
        with database.reading() as connection:
            rows = connection.execute(query).all()
        yield [_served(row) for row in rows]


def add(database: Database, answers: Sequence[ShadowAnswer]) -> None:
    """Store a challenger's answers; existing ones stay as they are.

    Of more than 100,000 the oldest go, those of other challengers first. Raises StorageUnavailable.
    """
    if not answers:
        return
    with database.writing() as connection:
        statement = insert_unless_there(connection, shadow_answers, shadow_answers.c.id)
        connection.execute(statement, [_as_values(each) for each in answers])
        excess = (connection.scalar(select(func.count()).select_from(shadow_answers)) or 0) - MOST_ROWS
        if excess > 0:
            is_own = case((and_(*_is_by(answers[0].challenger)), 1), else_=0)
            oldest = select(shadow_answers.c.id).order_by(is_own, shadow_answers.c.created_at).limit(excess)
            chosen = shadow_answers.c.id.in_(oldest.scalar_subquery())
            connection.execute(delete(shadow_answers).where(chosen))


def totals(database: Database) -> list[ShadowTotals]:
    """Return the numbers of stored answers by challenger.

    The one with the newest answer comes first.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    moment, name, number = (shadow_answers.c[each] for each in ("created_at", "model_name", "model_version"))
    differing = func.sum(case((shadow_answers.c.differs, 1), else_=0))
    query = (
        select(name, number, func.count(), differing, func.min(moment), func.max(moment))
        .group_by(name, number)
        .order_by(func.max(moment).desc(), number.desc())
    )
    with database.reading() as connection:
        rows = connection.execute(query).all()
    return [ShadowTotals(ShadowVersion(row[0], row[1]), row[2], row[3], row[4], row[5]) for row in rows]


def differing(
    database: Database, challenger: ShadowVersion, *, limit: int, offset: int = 0
) -> list[ShadowAnswer]:
    """Return texts that the challenger labels otherwise, newest first.

    Those whose text has gone are left out.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    query = (
        _with_predictions()
        .where(shadow_answers.c.differs, *_is_by(challenger))
        .order_by(shadow_answers.c.created_at.desc(), shadow_answers.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    with database.reading() as connection:
        return [_from_row(row) for row in connection.execute(query)]


def differing_labels(connection: Connection, most: int) -> dict[UUID, Label]:
    """Return labels other than the served ones, by prediction.

    They are the newest `most`; of two challengers the newer version counts.
    """
    query = (
        select(shadow_answers.c.prediction_id, shadow_answers.c.label)
        .where(shadow_answers.c.differs)
        .order_by(shadow_answers.c.created_at.desc(), shadow_answers.c.model_version.desc())
        .limit(most)
    )
    found: dict[UUID, Label] = {}
    for prediction_id, label in connection.execute(query):
        found.setdefault(prediction_id, Label(label))
    return found


def delete_before(database: Database, before: datetime) -> int:
    """Delete answers to older texts; return their number.

    Raises StorageUnavailable; the next call goes on.
    """
    return delete_older(database, shadow_answers, shadow_answers.c.created_at, before)


def forget(connection: Connection, ids: Sequence[UUID]) -> None:
    """Delete the answers to predictions that are deleted."""
    for each in ids:
        connection.execute(delete(shadow_answers).where(shadow_answers.c.prediction_id == each))


def _is_by(challenger: ShadowVersion) -> tuple[Any, Any]:
    return (
        shadow_answers.c.model_name == challenger.name,
        shadow_answers.c.model_version == challenger.number,
    )


def _with_predictions() -> Select[Any]:
    answered = [shadow_answers.c[name].label(f"shadow_{name}") for name in _ANSWER]
    joined = shadow_answers.join(predictions, predictions.c.id == shadow_answers.c.prediction_id)
    return select(predictions, *answered).select_from(joined).where(predictions.c.text.is_not(None))


_ANSWER = ("model_name", "model_version", "label", "p_negative", "p_neutral", "p_positive")


def _served(row: Row[Any]) -> ServedText:
    return ServedText(
        prediction_id=row.id,
        at=row.created_at,
        text=row.text,
        served_by=ShadowVersion(row.model_name, row.model_version),
        served=_prediction(row.label, (row.p_negative, row.p_neutral, row.p_positive)),
    )


def _from_row(row: Row[Any]) -> ShadowAnswer:
    name, number, label, *probabilities = (row._mapping[f"shadow_{each}"] for each in _ANSWER)
    negative, neutral, positive = probabilities
    return ShadowAnswer(
        _served(row), ShadowVersion(name, number), _prediction(label, (negative, neutral, positive))
    )


def _prediction(label: str, probabilities: tuple[float, float, float]) -> Prediction:
    return Prediction(Label(label), max(probabilities), probabilities)


def _as_values(answer: ShadowAnswer) -> dict[str, object]:
    challenger, served = answer.challenger, answer.served
    negative, neutral, positive = answer.answer.probabilities
    return {
        # By what it is about, so that a write with an unknown outcome can be repeated.
        "id": uuid5(served.prediction_id, f"{challenger.name} {challenger.number}"),
        "prediction_id": served.prediction_id,
        "created_at": served.at,
        "model_name": challenger.name,
        "model_version": challenger.number,
        "label": answer.answer.label.value,
        "p_negative": negative,
        "p_neutral": neutral,
        "p_positive": positive,
        "differs": answer.pair.differs,
    }
