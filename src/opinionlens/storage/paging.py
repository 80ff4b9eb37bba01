"""A part of a long list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Table, func, select

from opinionlens.storage.database import Database

T = TypeVar("T")

MAX_PAGE_ROWS = 500
# The largest number that both databases hold; one from an address may be larger.
MAX_ROW_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, newest first.

    Attributes:
        rows: the rows of this page.
        total: how many rows there are on all pages.
        next_before: the `before` of the next page; None on the last.
    """

    rows: tuple[T, ...]
    total: int
    next_before: int | None


def page_limit(limit: int) -> int:
    """Return a requested number of rows, within bounds."""
    return max(1, min(limit, MAX_PAGE_ROWS))


def page_start(before: int | None) -> int:
    """Return the number below which a page's rows lie.

    For None all rows lie below it.
    """
    return MAX_ROW_NUMBER if before is None else max(0, min(before, MAX_ROW_NUMBER))


def newest_rows(
    database: Database, table: Table, make: Callable[[Row[Any]], T], *, limit: int, before: int | None
) -> Page[T]:
    """Return a page of a table, by falling `id`.

    Args:
        database: where it is.
        table: the table.
        make: turns a row into its value.
        limit: how many at the most.
        before: the page lies below this id; None for the first page.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    limit = page_limit(limit)
    query = select(table).where(table.c.id < page_start(before)).order_by(table.c.id.desc()).limit(limit + 1)
    with database.reading() as connection:
        found = connection.execute(query).all()
        total = connection.scalar(select(func.count()).select_from(table)) or 0
    return Page(tuple(map(make, found[:limit])), total, found[limit - 1].id if len(found) > limit else None)
