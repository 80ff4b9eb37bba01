"""Tables for a terminal, and whole lines for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

LABEL_COLOURS = {"NEGATIVE": "red", "NEUTRAL": "yellow", "POSITIVE": "green"}
_CHARS_OF_PIPES = 250


def show_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under a head.

    Into a pipe they are not cut to the width of a screen.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=_CHARS_OF_PIPES)
    table = Table(*head, box=None, pad_edge=False, header_style="dim")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def moment(at: datetime | None) -> str:
    """Return a time to the minute in UTC, or "–"."""
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M}"
