"""Deleting many rows in small portions.

Other writers hardly wait then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Delete, Table, Update, delete, select, update

from opinionlens.storage.database import Database

_ROWS_AT_ONCE = 5_000


def delete_older(database: Database, table: Table, moment: Column[datetime], before: datetime) -> int:
    """Delete rows with an earlier `moment`; return their number.

    Raises:
        StorageUnavailable: the database does not answer; some rows may be gone, the next call goes on.
    """
    (key,) = table.primary_key.columns
    some = select(key).where(moment < before).order_by(moment).limit(_ROWS_AT_ONCE)
    return _repeat(database, delete(table).where(key.in_(some.scalar_subquery())))


def clear_older(database: Database, column: Column[Any], moment: Column[datetime], before: datetime) -> int:
    """Clear `column` in older rows; return their number.

    Works as `delete_older`, and raises the same.
    """
    (key,) = column.table.primary_key.columns
    some = select(key).where(moment < before, column.is_not(None)).order_by(moment).limit(_ROWS_AT_ONCE)
    return _repeat(
        database, update(column.table).where(key.in_(some.scalar_subquery())).values({column: None})
    )


def _repeat(database: Database, statement: Delete | Update) -> int:
    """Execute the statement until it changes no full portion.

    Each time is a transaction of its own.
    """
    changed = 0
    while True:
        with database.writing() as connection:
            count = connection.execute(statement).rowcount
        changed += count
        if count < _ROWS_AT_ONCE:
            return changed
