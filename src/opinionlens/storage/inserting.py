"""Insertion of rows that may exist already.

The only statement that the two databases' dialects write differently.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_unless_there(
    connection: Connection, table: Table, key: Column[object]
) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that keeps an existing row with `key`."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=[key])
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=[key])
