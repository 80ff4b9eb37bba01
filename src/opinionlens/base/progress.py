"""Progress of a stage, as bars or plain lines.

Bars with the time left are for terminals; elsewhere there are plain lines.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from opinionlens.base.wording import counted

# The unit of files that are read to their end; shown as kB, MB and so on.
BYTE = "byte"


class Task(Protocol):
    """A bar for one task."""

    def advance(self, amount: float = 1) -> None:
        """Count `amount` more of the total as done."""

    def note(self, text: str) -> None:
        """Show a few words beside the bar.

        For example the best score so far.
        """


class Reporter(Protocol):
    """The display of a stage's progress."""

    @contextmanager
    def track(
        self, description: str, total: float | None = None, *, unit: str | None = None
    ) -> Iterator[Task]:
        """Show a bar while the block runs.

        Args:
            description: the work.
            total: how much there is to do; None when it is not known.
            unit: one of what is counted, for example "row"; None where the description says it.
        """
        yield Quiet()

    def say(self, text: str) -> None:
        """Print one finished fact on a line of its own."""


class Quiet:
    """A reporter that shows nothing, for tests and programs.

    It is its own task.
    """

    @contextmanager
    def track(
        self, description: str, total: float | None = None, *, unit: str | None = None
    ) -> Iterator[Task]:
        """Run the block."""
        yield self

    def say(self, text: str) -> None:
        """Print nothing."""

    def advance(self, amount: float = 1) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""


class Bars:
    """A reporter with rich bars on a terminal.

    Elsewhere (a log, CI) it prints one line at the end of each bar.
    """

    def __init__(self, console: Console | None = None) -> None:
        """Write to standard error by default.

        Standard output belongs to results.
        """
        self._console = console or Console(file=sys.stderr)

    @contextmanager
    def track(
        self, description: str, total: float | None = None, *, unit: str | None = None
    ) -> Iterator[Task]:
        """Show a bar with a count and the remaining time.

        It stays on the screen when it is full.
        """
        started = time.monotonic()
        with Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            *_count_columns(unit),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[note]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        ) as bars:
            task = _Bar(bars, escape(description), total)
            yield task
            task.finish()
        if not self._console.is_terminal:
            count = f"{_amount(task.done, unit)} in " if task.done else ""
            extra = f" ({task.last_note})" if task.last_note else ""
            self.say(f"{escape(description)}: {count}{time.monotonic() - started:.1f} s{extra}")

    def say(self, text: str) -> None:
        """Print one line, not wrapped."""
        self._console.print(text, highlight=False, soft_wrap=True)


def _count_columns(unit: str | None) -> tuple[ProgressColumn, ...]:
    if unit == BYTE:
        return (DownloadColumn(),)
    return (MofNCompleteColumn(), *((TextColumn(f"{unit}s"),) if unit else ()))


def _amount(done: float, unit: str | None) -> str:
    if unit == BYTE:
        return decimal(int(done))
    return counted(done, unit) if unit else f"{done:,.0f}"


class _Bar:
    def __init__(self, bars: Progress, description: str, total: float | None) -> None:
        self._bars = bars
        self._task = bars.add_task(description, total=total, note="")
        self.done = 0.0
        self.last_note = ""

    def advance(self, amount: float = 1) -> None:
        self.done += amount
        self._bars.advance(self._task, amount)

    def note(self, text: str) -> None:
        self.last_note = text
        self._bars.update(self._task, note=text)

    def finish(self) -> None:
        self._bars.update(self._task, total=max(self.done, 1), completed=max(self.done, 1))
