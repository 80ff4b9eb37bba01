"""Deleting many rows a few at a time, so that other writers hardly wait."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Delete, Table, Update, delete, select, update

from opinionlens.storage.database import Database

_ROWS_AT_ONCE = 5_000


def delete_older(database: Database, table: Table, moment: Column[datetime], before: datetime) -> int:
    """Delete the rows of `table` whose `moment` is earlier; return how many there were.

    Raises:
        StorageUnavailable: the database does not answer; some rows may be gone, the next call goes on.
    """
    (key,) = table.primary_key.columns
    some = select(key).where(moment < before).order_by(moment).limit(_ROWS_AT_ONCE)
    return _repeat(database, delete(table).where(key.in_(some.scalar_subquery())))


def clear_older(database: Database, column: Column[Any], moment: Column[datetime], before: datetime) -> int:
    """Set `column` to NULL in the rows whose `moment` is earlier; return of how many. As `delete_older`."""
    (key,) = column.table.primary_key.columns
    some = select(key).where(moment < before, column.is_not(None)).order_by(moment).limit(_ROWS_AT_ONCE)
    return _repeat(
        database, update(column.table).where(key.in_(some.scalar_subquery())).values({column: None})
    )


def _repeat(database: Database, statement: Delete | Update) -> int:
    """Execute the statement, each time in a transaction of its own, until it changes no full portion."""
    changed = 0
    while True:
        with database.writing() as connection:
            count = connection.execute(statement).rowcount
        changed += count
        if count < _ROWS_AT_ONCE:
            return changed
