"""Deleting many rows a few at a time, so that nobody who wants to write waits long."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Table, delete, select

from opinionlens.storage.database import Database

_ROWS_AT_ONCE = 5_000


def delete_older(database: Database, table: Table, moment: Column[datetime], before: datetime) -> int:
    """Delete the rows of `table` whose `moment` is earlier; return how many there were.

    Raises:
        StorageUnavailable: the database does not answer; some rows may be gone, the next call goes on.
    """
    (key,) = table.primary_key.columns
    some = select(key).where(moment < before).limit(_ROWS_AT_ONCE)
    statement = delete(table).where(key.in_(some.scalar_subquery()))
    deleted = 0
    while True:
        with database.writing() as connection:
            count = connection.execute(statement).rowcount
        deleted += count
        if count < _ROWS_AT_ONCE:
            return deleted
