"""Notes about the lane's answers, for log and metrics."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from opinionlens.base.logs import EventLines
from opinionlens.web.lane.plain_requests import PATH
from opinionlens.web.metrics import AnsweredText, Metrics

# Long enough to gather many under load, and short for whoever watches the log. What came in between is lost
# with a process that is killed.
GATHERING_SECONDS = 0.05

# Its name in the metrics, as the first system's dashboards have it.
ENDPOINT = "/predict"


class AnswerNote(NamedTuple):
    """One answer of the lane.

    Attributes:
        ident: the request's id.
        at: when it was sent.
        answered: what it adds to the metrics.
    """

    ident: str
    at: datetime
    answered: AnsweredText


class AnswerNotes:
    """Gathers notes for a moment, then hands them over together.

    A line in the log and a dozen numbers in the metrics cost more for each answer alone than the rest of the
    lane; for many at once they cost little. Before the metrics are shown what is here is counted, so that
    nothing is missing there. No more gathers than is answered in that moment.
    """

    def __init__(self, metrics: Metrics, lines: EventLines) -> None:
        """Hand over to `metrics` and `lines`."""
        self._metrics = metrics
        self._lines = lines
        self._uncounted: deque[AnswerNote] = deque()
        self._unwritten: list[AnswerNote] = []
        # Held from taking notes to having counted them: who asks for the metrics meanwhile waits.
        self._counting = Lock()
        metrics.before_exposition(self.count)

    def add(self, note: AnswerNote) -> None:
        """Take a note; on the event loop."""
        if not self._unwritten:
            asyncio.get_running_loop().call_later(GATHERING_SECONDS, self.hand_over)
        self._unwritten.append(note)
        self._uncounted.append(note)

    def count(self) -> None:
        """Count the gathered notes; from any thread."""
        with self._counting:
            notes = [self._uncounted.popleft() for _ in range(len(self._uncounted))]
            if notes:
                self._metrics.observe_answers(ENDPOINT, PATH, [note.answered for note in notes])

    def hand_over(self) -> None:
        """Count and write the gathered notes; on the event loop."""
        self.count()
        notes, self._unwritten = self._unwritten, []
        if notes:
            self._lines.write(_as_event(note) for note in notes)


def _as_event(note: AnswerNote) -> dict[str, object]:
    """Return the event that `RequestLog` writes about a request, complete."""
    return {
        "method": "POST",
        "route": PATH,
        "status": 200,
        "milliseconds": round(note.answered.seconds * 1_000, 2),
        "event": "request",
        "level": "info",
        "request_id": note.ident,
        "time": note.at.isoformat().replace("+00:00", "Z"),
    }
