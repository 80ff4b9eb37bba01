"""The newest drift report, for the gauges."""

from __future__ import annotations

import asyncio
import time

from opinionlens.storage import StorageError, drift_reports
from opinionlens.storage.records import Records
from opinionlens.web.metrics import Metrics
from opinionlens.web.metrics.drift_gauges import shown_drift

# A check runs once an hour or once a day; several scrapers may ask every few seconds.
_SECONDS_BETWEEN = 10.0
# Prometheus waits for 10 seconds, and has other metrics to get.
_PATIENCE_SECONDS = 1.0


class NewestDrift:
    """A reader of the newest drift report.

    While the database is away, the report that was read last is shown on.
    """

    def __init__(self, records: Records, metrics: Metrics, *, seconds: float = _SECONDS_BETWEEN) -> None:
        """Read nothing yet.

        Args:
            records: where the reports are.
            metrics: told the newest one.
            seconds: between two looks.
        """
        self._records = records
        self._metrics = metrics
        self._seconds = seconds
        self._next = 0.0

    async def refresh(self) -> None:
        """Look for a newer report, if it is time.

        Never raises for the database, and takes a second at most.
        """
        now = time.monotonic()
        if now < self._next or not self._records.is_ready:
            return
        self._next = now + self._seconds
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                report = await self._records.read(drift_reports.newest_served)
        except (StorageError, TimeoutError):
            return
        self._metrics.show_drift(None if report is None else shown_drift(report))
