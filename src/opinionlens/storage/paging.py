"""A part of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_PAGE_ROWS = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, newest first.

    Attributes:
        rows: the rows of this page.
        total: how many rows there are on all pages.
        next_before: what to pass as `before` to get the next page; None on the last.
    """

    rows: tuple[T, ...]
    total: int
    next_before: int | None


def page_limit(limit: int) -> int:
    """Return the number of rows to give when so many were asked for."""
    return max(1, min(limit, MAX_PAGE_ROWS))
