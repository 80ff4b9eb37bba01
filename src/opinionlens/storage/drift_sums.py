"""Hourly sums over served texts, one version each.

Drift checks need no texts then. Each process writes rows of its own: a write with an unknown outcome can be
repeated, and a reader adds the rows up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Row, select

from opinionlens.drift.windows import SumState
from opinionlens.storage.database import Database
from opinionlens.storage.deleting import delete_older
from opinionlens.storage.inserting import insert_or_replace
from opinionlens.storage.tables import drift_sums, drift_terms

_HOURS_AT_ONCE = 100
_KEYS = ("id", "model_name", "model_version", "hour")
_SUMS = (
    *("texts", "read_texts", "texts_with_words", "unknown"),
    *("labels", "confidence", "length", "embedding", "fourier"),
)


@dataclass(frozen=True, slots=True, eq=False)
class HourlySums:
    """Sums over one process's texts of one hour.

    Attributes:
        id: made by the process.
        model_name: the model that predicted.
        model_version: its version; None for a folder.
        hour: its first moment.
        state: the sums; `terms` is empty where it was not asked for.
    """

    id: UUID
    model_name: str
    model_version: int | None
    hour: datetime
    state: SumState


def write(database: Database, sums: Sequence[HourlySums]) -> None:
    """Store sums; those with a known id are replaced.

    Raises:
        StorageUnavailable: the database does not answer; the call can be repeated.
    """
    if not sums:
        return
    with database.writing() as connection:
        rows = [_as_values(each) for each in sums]
        connection.execute(insert_or_replace(connection, drift_sums, drift_sums.c.id), rows)
        terms = [{"sums_id": each.id, "counts": each.state.terms} for each in sums]
        connection.execute(insert_or_replace(connection, drift_terms, drift_terms.c.sums_id), terms)


def hourly(
    database: Database,
    *,
    model_name: str,
    model_version: int | None,
    since: datetime | None,
    until: datetime,
    with_terms: bool = True,
) -> Iterator[HourlySums]:
    """Yield one version's sums, the last hour first.

    Args:
        database: asked once for each portion, so that no transaction lasts.
        model_name: of the version.
        model_version: its number; None for a folder.
        since: hours that begin at this moment or later; None for all.
        until: hours that begin before this moment.
        with_terms: whether the counts of terms are read, too.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    hour, key = drift_sums.c.hour, drift_sums.c.id
    query = select(drift_sums, *([drift_terms.c.counts] if with_terms else []))
    if with_terms:
        query = query.outerjoin(drift_terms, drift_terms.c.sums_id == key)
    query = query.where(drift_sums.c.model_name == model_name, hour < until)
    query = query.where(drift_sums.c.model_version.is_not_distinct_from(model_version))
    if since is not None:
        query = query.where(hour >= since)
    query = query.order_by(hour.desc(), key)
    last: HourlySums | None = None
    while True:
        rest = query
        if last is not None:
            rest = query.where((hour < last.hour) | ((hour == last.hour) & (key > last.id)))
        with database.reading() as connection:
            found = [_from_row(row) for row in connection.execute(rest.limit(_HOURS_AT_ONCE))]
        yield from found
        if len(found) < _HOURS_AT_ONCE:
            return
        last = found[-1]


def delete_before(database: Database, before: datetime) -> int:
    """Delete the sums of older hours; return their number.

    Raises:
        StorageUnavailable: the database does not answer; the next call goes on.
    """
    return delete_older(database, drift_sums, drift_sums.c.hour, before)


def _as_values(sums: HourlySums) -> dict[str, object]:
    own = {name: getattr(sums, name) for name in _KEYS}
    return own | {name: getattr(sums.state, name) for name in _SUMS}


def _from_row(row: Row[Any]) -> HourlySums:
    counts = getattr(row, "counts", None)
    sums = {name: getattr(row, name) for name in _SUMS}
    state = SumState(**sums, terms=np.zeros(0) if counts is None else counts)
    return HourlySums(row.id, row.model_name, row.model_version, row.hour, state)
