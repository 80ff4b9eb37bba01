"""Insertion of rows that may exist already.

The only statements that the two databases' dialects write differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Dialect, Table

if TYPE_CHECKING:  # a dialect costs 30 ms at the start, and only one is used
    from sqlalchemy.dialects import postgresql, sqlite

# SQLite's driver lets go of the interpreter for each statement, and beside the event loop it takes up to 5 ms
# to get it back. Few sizes, for the driver keeps what it has prepared; of 13 columns 500 rows are 6,500
# parameters of the 32,766 that SQLite takes.
_ROWS_A_STATEMENT = (500, 50, 5, 1)


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
    gets many of them in one statement. SQLAlchemy would look at each value of each row; here each column is
    converted as a whole, by its own type.
    """
    dialect = connection.dialect
    given = zip(table.columns, zip(*rows, strict=True), strict=True)
    columns = [_converted(values, column, dialect) for column, values in given]
    values = list(zip(*columns, strict=True))
    if dialect.name != "sqlite":  # psycopg sends many rows without waiting, and one by one in less time
        connection.exec_driver_sql(_statement(table, key, 1, "%s"), values)
        return
    for size in _ROWS_A_STATEMENT:
        if len(values) >= size:  # or the longest would be written for every few rows
            statement = _statement(table, key, size, "?")
            while len(values) >= size:
                some, values = values[:size], values[size:]
                connection.exec_driver_sql(statement, tuple(chain.from_iterable(some)))


def _statement(table: Table, key: Column[Any], rows: int, mark: str) -> str:
    """Return an insert of so many rows.

    The names in it are those of our own tables.
    """
    names = ", ".join(column.name for column in table.columns)
    values = ", ".join([f"({', '.join([mark] * len(table.columns))})"] * rows)
    return f"INSERT INTO {table.name} ({names}) VALUES {values} ON CONFLICT ({key.name}) DO NOTHING"  # noqa: S608


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
