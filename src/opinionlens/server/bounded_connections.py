"""Connections that do not wait for ever: slow bodies, clients that do not read, and too many at a time.

uvicorn.Config(app, http=BoundedHttp(limits), ws="none")
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import structlog

from opinionlens.server.bounded_heads import BoundedHeads
from opinionlens.server.open_connections import ConnectionLimits, OpenConnections
from opinionlens.web.metrics import Cut

# A body has this long, and longer by what the bytes that have come take at the least rate, up to the most.
BODY_SECONDS, LEAST_BYTES_A_SECOND, MOST_BODY_SECONDS = 10.0, 1_000, 120.0
# How long an answer may lie ready without the client taking any of it: 48 KiB in that time are enough.
READER_SECONDS = 60.0
# How long a closed connection may take to send what is left.
CLOSING_SECONDS = 10.0
TICK_SECONDS = 1.0

_TOO_SLOW = "The body came too slowly. Send it at once, or in parts of its own."
_TOO_MANY = "Too many requests are being answered. Try again in a moment."

log = structlog.get_logger("app")


class _Process:
    """What the connections of one process share: who is open, and the clock that ends what is overdue."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.open: OpenConnections[BoundedConnection] = OpenConnections(limits)
        self._timer: asyncio.TimerHandle | None = None
        self._cuts: Counter[Cut] = Counter()

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the clock run while anything is open."""
        if self._timer is None:
            self._timer = loop.call_later(TICK_SECONDS, self._tick, loop)

    def note_cut(self, reason: Cut) -> None:
        self._cuts[reason] += 1

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        every = self.open.every()
        for connection in every:
            connection.pass_time(TICK_SECONDS)
        if self._cuts:  # one line for all: an attack must not fill the log
            log.warning("connections.cut", numbers=dict(self._cuts))
            self._cuts.clear()
        if every:
            self.watch(loop)


@dataclass(slots=True)
class BoundedHttp:
    """Makes the connections of a server; what uvicorn takes as `http`.

    Every process has its own: workers get a copy before any connection is made.
    """

    limits: ConnectionLimits
    _process: _Process | None = field(default=None, init=False, repr=False, compare=False)

    def __call__(self, **given: Any) -> BoundedConnection:  # noqa: ANN401 - uvicorn's own
        """Return what speaks HTTP on a new connection."""
        if self._process is None:
            self._process = _Process(self.limits)
        return BoundedConnection(self._process, **given)


class BoundedConnection(BoundedHeads):
    """uvicorn's HTTP for one connection, bounded from its first byte to its last."""

    def __init__(self, process: _Process, **given: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Take what uvicorn gives, and what the process shares."""
        super().__init__(**given)
        self._process = process
        self.address = ""
        self._since = 0.0  # the connection was made, or the last answer was complete
        self._is_reading_body = False
        self._body_bytes = 0
        self._seconds_of_body = self._seconds_unread = self._seconds_closing = 0.0

    @property
    def waits_for_client_since(self) -> float | None:
        """Since when nothing can be done before the client sends or reads something."""
        is_waiting = not self.is_answering or self._is_reading_body or self.flow.write_paused
        return self._since if is_waiting else None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the place of the one that has waited longest, if there are too many; or give way."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._since = self.loop.time()
        open_connections = self._process.open
        if not open_connections.has_room_for(self):
            other = open_connections.to_close_for(self)
            if other is None:
                self.note_cut("too_many")
                self.refuse(503, "too_many_connections", _TOO_MANY, retry_after="1")
            else:
                other.give_way()
        open_connections.add(self)
        self._process.watch(self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        """Free the place."""
        self._process.open.remove(self)
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """Begin to wait for a body."""
        self._is_reading_body, self._body_bytes, self._seconds_of_body = True, 0, 0.0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count what has come."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait no longer for the body."""
        self._is_reading_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._since = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        """Go on: the client has taken what lay ready."""
        self._seconds_unread = 0.0
        super().resume_writing()

    def note_cut(self, reason: Cut) -> None:
        """Count a connection that ends by a limit."""
        self._process.note_cut(reason)
        services = self.app_state.get("services")
        if services is not None:
            services.metrics.count_cut_connection(reason)

    def give_way(self) -> None:
        """Close for a connection that has something to say."""
        self.note_cut("crowded")
        self._process.open.remove(self)  # it is on its way out, and must not be chosen again
        if self._is_reading_body and self.is_answering:
            self.refuse(408, "request_timeout", _TOO_SLOW)
        else:
            self.transport.abort()

    def pass_time(self, seconds: float) -> None:
        """End what has waited for too long."""
        if self.transport.is_closing():
            self._seconds_closing += seconds
            if self._seconds_closing > CLOSING_SECONDS:
                self.note_cut("slow_reader")
                self.transport.abort()
        elif self.flow.write_paused:
            self._seconds_unread += seconds
            if self._seconds_unread > READER_SECONDS:
                self.note_cut("slow_reader")
                self.transport.abort()
        elif self._is_reading_body and not self.flow.read_paused:  # else the app is slow, not the client
            self._seconds_of_body += seconds
            if self._seconds_of_body > allowed_seconds(self._body_bytes):
                self.note_cut("slow_body")
                self.refuse(408, "request_timeout", _TOO_SLOW)


def allowed_seconds(body_bytes: int) -> float:
    """Return how long a body may take of which so many bytes have come."""
    return min(BODY_SECONDS + body_bytes / LEAST_BYTES_A_SECOND, MOST_BODY_SECONDS)
