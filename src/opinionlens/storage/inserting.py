"""Insertion of rows that may exist already.

The only statements that the two databases' dialects write differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Dialect, Table

if TYPE_CHECKING:  # a dialect costs 30 ms at the start, and only one is used
    from sqlalchemy.dialects import postgresql, sqlite


def insert_unless_there(
    connection: Connection, table: Table, key: Column[object]
) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that keeps an existing row with `key`."""
    return _insert(connection, table).on_conflict_do_nothing(index_elements=[key])


def insert_many_unless_there(
    connection: Connection, table: Table, key: Column[Any], rows: Sequence[Sequence[object]]
) -> None:
    """Insert many rows; keep existing ones with `key`.

    Their values stand in the order of the table's columns. For rows that come by the thousand: the driver
    gets them as one statement with many parameters. SQLAlchemy would look at each value of each row; here
    each column is converted as a whole, by its own type.
    """
    dialect = connection.dialect
    given = zip(table.columns, zip(*rows, strict=True), strict=True)
    columns = [_converted(values, column, dialect) for column, values in given]
    names = ", ".join(column.name for column in table.columns)
    marks = ", ".join(["?" if dialect.name == "sqlite" else "%s"] * len(columns))
    # The names are those of our own tables.
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT ({key.name}) DO NOTHING"  # noqa: S608
    connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))


def _converted(values: Sequence[object], column: Column[Any], dialect: Dialect) -> Iterable[object]:
    """Return values in the form that the driver takes."""
    convert = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if convert is None else map(convert, values)


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
