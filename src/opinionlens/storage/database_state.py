"""Present problems of the database, for pages and log."""

from __future__ import annotations

import threading
from typing import Literal

import structlog

from opinionlens.base.errors import OpinionLensError
from opinionlens.storage.errors import StorageFault
from opinionlens.storage.faults import driver_words

Side = Literal["tables", "writing", "reading"]

log = structlog.get_logger("records")


class DatabaseState:
    """Last known problem of each side; safe among threads.

    Reading may work while writing does not (a read-only disk, a lock), so that one success does not clear
    the other's problem.
    """

    def __init__(self) -> None:
        """Know of no problem."""
        self._lock = threading.Lock()
        self._problems: dict[Side, OpinionLensError] = {}

    @property
    def problem(self) -> str | None:
        """The present problem in words, or None."""
        with self._lock:
            error = next(iter(self._problems.values()), None)
        return None if error is None else in_words(error)

    def has_problem(self, side: Side) -> bool:
        """Tell whether the last call of one side failed."""
        return side in self._problems

    def note_error(self, side: Side, error: OpinionLensError) -> None:
        """Keep an error; log it unless it is known.

        The log gets the driver's words as well.
        """
        with self._lock:
            is_news = in_words(error) not in map(in_words, self._problems.values())
            self._problems[side] = error
        if is_news:
            event = "database.fault" if isinstance(error, StorageFault) else "database.away"
            cause = error.__cause__
            words = driver_words(getattr(cause, "orig", None) or cause) if cause is not None else None
            log.warning(event, reason=str(error), driver=words, side=side)

    def note_success(self, side: Side) -> None:
        """Forget the problem of one side."""
        if side not in self._problems:  # without the lock: this is the way of nearly every call
            return
        with self._lock:
            self._problems.pop(side, None)
            is_well = not self._problems
        if is_well:
            log.info("database.back")


def in_words(error: OpinionLensError) -> str:
    """Return an error's words without its place.

    The place is for the log only.
    """
    return " ".join(part for part in (error.what, error.remedy) if part)
