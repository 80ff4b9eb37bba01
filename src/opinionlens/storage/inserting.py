"""Insertion of rows that may exist already.

The only statements that the two databases' dialects write differently.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_unless_there(
    connection: Connection, table: Table, key: Column[object]
) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that keeps an existing row with `key`."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=[key])
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=[key])


def insert_or_replace(
    connection: Connection, table: Table, key: Column[Any]
) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that replaces an existing row with `key`."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(table)
    values = {column.name: statement.excluded[column.name] for column in table.c if column is not key}
    return statement.on_conflict_do_update(index_elements=[key], set_=values)
