"""The port of drift sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from opinionlens.base.errors import OpinionLensError
from opinionlens.drift.window_summary import WindowSummary

SourceName = Literal["log", "xcom", "mlflow", "table", "disk"]
SOURCE_NAMES: tuple[SourceName, ...] = get_args(SourceName)


class SourceUnusable(OpinionLensError):
    """A source has no window that can be compared.

    Attributes:
        is_broken: whether something is there and wrong, or does not answer; False for nothing or too old.
    """

    status = 422

    def __init__(
        self, what: str, *, where: str | None = None, remedy: str | None = None, is_broken: bool
    ) -> None:
        """Keep the parts, and whether a fault is behind it."""
        super().__init__(what, where=where, remedy=remedy)
        self.is_broken = is_broken


class DriftSource(Protocol):
    """A place where other programs leave a window."""

    @property
    def name(self) -> SourceName:
        """The name on the command line."""
        ...

    def newest(self) -> WindowSummary:
        """Return the newest window.

        Raises:
            SourceUnusable: there is none, or it is of another form; or the source does not answer in time.
        """
        ...


@dataclass(frozen=True)
class SourceAttempt:
    """One source that was asked.

    Attributes:
        name: of the source.
        place: where its window was found; None for none.
        why_not: why it was not taken; None for the one that was.
    """

    name: SourceName
    place: str | None
    why_not: str | None


def nothing_there(what: str, *, where: str | None = None, remedy: str | None = None) -> SourceUnusable:
    """Return the error of an empty source."""
    return SourceUnusable(what, where=where, remedy=remedy, is_broken=False)


def broken(error: OpinionLensError) -> SourceUnusable:
    """Return the error of a source with a fault."""
    return SourceUnusable(error.what, where=error.where, remedy=error.remedy, is_broken=True)
