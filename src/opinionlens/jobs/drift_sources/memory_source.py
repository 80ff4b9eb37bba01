"""The double of a drift source: a window in memory."""

from __future__ import annotations

from opinionlens.drift.window_summary import WindowSummary
from opinionlens.jobs.drift_sources.drift_source import SourceName, SourceUnusable, nothing_there


class MemorySource:
    """A source that holds at most one window.

    Attributes:
        window: that it gives; None for none.
        fault: raised in its place, as by a source that is broken.
    """

    def __init__(self, name: SourceName, window: WindowSummary | None = None) -> None:
        """Hold a window under the name of a source."""
        self.name: SourceName = name
        self.window = window
        self.fault: SourceUnusable | None = None

    def newest(self) -> WindowSummary:
        """See `DriftSource.newest`."""
        if self.fault is not None:
            raise self.fault
        if self.window is None:
            raise nothing_there("There is no window.", where="memory")
        return self.window
