"""Insertion of rows that may exist already.

The only statements that the two databases' dialects write differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Table

if TYPE_CHECKING:  # a dialect costs 30 ms at the start, and only one is used
    from sqlalchemy.dialects import postgresql, sqlite


def insert_unless_there(
    connection: Connection, table: Table, key: Column[object]
) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that keeps an existing row with `key`."""
    return _insert(connection, table).on_conflict_do_nothing(index_elements=[key])


def insert_or_replace(
    connection: Connection, table: Table, key: Column[Any]
) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that replaces an existing row with `key`."""
    statement = _insert(connection, table)
    values = {column.name: statement.excluded[column.name] for column in table.c if column is not key}
    return statement.on_conflict_do_update(index_elements=[key], set_=values)


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
