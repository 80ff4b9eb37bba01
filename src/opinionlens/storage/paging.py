"""A part of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

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
