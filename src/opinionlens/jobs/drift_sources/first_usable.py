"""Choice among sources: the first with a fitting window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from opinionlens.base.errors import InputError, OpinionLensError
from opinionlens.drift.window_summary import WindowSummary
from opinionlens.jobs.drift_sources.drift_source import (
    DriftSource,
    SourceAttempt,
    SourceName,
    SourceUnusable,
    broken,
    nothing_there,
)

C = TypeVar("C")

_HOUR = timedelta(hours=1)
# Clocks of two machines differ a little.
_CLOCKS = timedelta(minutes=10)


@dataclass(frozen=True)
class SourceTrial(Generic[C]):
    """A source with all that is done with its window.

    Attributes:
        name: of the source.
        check: returns the finished check, or raises SourceUnusable.
        place_of: says where the window of a finished check was found.
    """

    name: SourceName
    check: Callable[[], C]
    place_of: Callable[[C], str]


@dataclass(frozen=True)
class SourceChoice(Generic[C]):
    """The outcome of asking sources in order.

    Attributes:
        taken: the first finished check; None where no source has a window that fits.
        attempts: every source that was asked, in order.
        is_broken: whether a source was broken, rather than empty or late.
    """

    taken: C | None
    attempts: tuple[SourceAttempt, ...]
    is_broken: bool

    def reasons(self) -> list[str]:
        """Return a sentence for each source that was passed over."""
        return [f"Source {one.name}: {one.why_not}" for one in self.attempts if one.why_not is not None]


def first_usable(candidates: Sequence[SourceTrial[C]]) -> SourceChoice[C]:
    """Ask sources in order, up to the first window.

    Every fault of a source is a reason to go on with the next; faults of ours are raised.
    """
    attempts: list[SourceAttempt] = []
    is_broken = False
    for candidate in candidates:
        try:
            taken = candidate.check()
        except SourceUnusable as error:
            is_broken = is_broken or error.is_broken
            attempts.append(SourceAttempt(candidate.name, error.where, str(error)))
        except OpinionLensError as error:  # of the database, the registry, the tracking, the artifact
            is_broken = True
            attempts.append(SourceAttempt(candidate.name, error.where, str(error)))
        else:
            attempts.append(SourceAttempt(candidate.name, candidate.place_of(taken), None))
            return SourceChoice(taken, tuple(attempts), is_broken)
    return SourceChoice(None, tuple(attempts), is_broken)


def fresh_window(source: DriftSource, *, now: datetime, max_age: timedelta) -> WindowSummary:
    """Return a source's window if it is not too old.

    Raises:
        SourceUnusable: it is, or the source has none; a window of the future is taken for a fault.
    """
    window = source.newest()
    if window.at > now + _CLOCKS:
        error = InputError(f"Its time, {window.at.isoformat()}, has not come yet.", where=window.place)
        raise broken(error)
    if now - window.at > max_age:
        hours, most = (now - window.at) / _HOUR, max_age / _HOUR
        raise nothing_there(
            f"It is {hours:,.0f} hours old, and at most {most:,.0f} are allowed.",
            where=window.place,
            remedy="Write a newer one, or allow more with --since or DRIFT__MAX_AGE_HOURS.",
        )
    return window
