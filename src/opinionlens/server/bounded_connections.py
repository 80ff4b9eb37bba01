"""HTTP connections with limits on waiting time and number.

Slow bodies, clients that do not read their answer, and too many connections at a time are ended.

uvicorn.Config(app, http=BoundedHttp(limits), ws="none")
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from opinionlens.server.bounded_heads import BoundedHeads
from opinionlens.server.open_connections import ConnectionLimits, OpenConnections

if TYPE_CHECKING:
    from opinionlens.web.metrics import Cut

# Time for a body: a base, more for the bytes received at the lowest rate, and a maximum.
BODY_SECONDS, LEAST_BYTES_A_SECOND, MOST_BODY_SECONDS = 10.0, 1_000, 120.0
# Time in which the client must read some of an answer that is ready: 48 KiB are enough.
READER_SECONDS = 60.0
# Time in which a closed connection may send the rest of its answer.
CLOSING_SECONDS = 10.0
TICK_SECONDS = 1.0
# Each chunk of a chunked body costs as much as hundreds of bytes: so they may not all be tiny.
FREE_CHUNKS, LEAST_CHUNK_BYTES = 1_000, 64
# Requests on one connection that may wait for the answer to an earlier one. Hardly any client sends several.
MOST_PIPELINED = 100

_TOO_SLOW = "The body came too slowly. Send it at once, or in parts of its own."
_TINY = "The body comes in tiny chunks. Send it in one piece, or in chunks of a kilobyte."
_TOO_MANY = "Too many requests are being answered. Try again in a moment."

log = structlog.get_logger("app")


class _Crumbs(Exception):
    """Signal to the parser that parts are too many."""


class _Process:
    """Open connections of one process and the timer over them."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.open: OpenConnections[BoundedConnection] = OpenConnections(limits)
        self._timer: asyncio.TimerHandle | None = None
        self._cuts: Counter[Cut] = Counter()

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the timer unless it runs already."""
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
    """Factory of a server's connections, passed to uvicorn as `http`.

    Every process has its own: workers get a copy before any connection is made.
    """

    limits: ConnectionLimits
    _process: _Process | None = field(default=None, init=False, repr=False, compare=False)

    def __call__(self, **given: Any) -> BoundedConnection:  # noqa: ANN401 - uvicorn's own
        """Return the protocol for a new connection."""
        if self._process is None:
            self._process = _Process(self.limits)
        return BoundedConnection(self._process, **given)


class BoundedConnection(BoundedHeads):
    """uvicorn's HTTP protocol for one connection, with limits."""

    def __init__(self, process: _Process, **given: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Take uvicorn's arguments and the state of the process."""
        super().__init__(**given)
        self._process = process
        self.address = ""
        self._since = 0.0  # the connection was made, or the last answer was complete
        self._is_reading_body = False
        self._body_bytes = self._chunks = 0
        self._are_crumbs = False
        self._seconds_of_body = self._seconds_unread = self._seconds_closing = 0.0

    @property
    def waits_for_client_since(self) -> float | None:
        """Time since when only the client can make progress.

        None while the server itself has something to do.
        """
        is_waiting = not self.is_answering or self._is_reading_body or self.flow.write_paused
        return self._since if is_waiting else None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Register the connection, or refuse it when crowded.

        If another connection has waited long for its client, that one is closed instead.
        """
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
        """Forget the connection."""
        self._process.open.remove(self)
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """Start to measure the body's time and size."""
        self._is_reading_body, self._body_bytes, self._seconds_of_body = True, 0, 0.0
        self._chunks = 0
        super().on_headers_complete()

    def on_message_begin(self) -> None:
        """Refuse endless requests sent before any answer."""
        if len(self.pipeline) >= MOST_PIPELINED:
            self._stop_parsing()
        super().on_message_begin()

    def on_chunk_header(self) -> None:
        """Count one chunk and refuse very many tiny ones."""
        if self._chunks > FREE_CHUNKS and self._body_bytes < LEAST_CHUNK_BYTES * self._chunks:
            self._stop_parsing()
        self._chunks += 1

    def send_400_response(self, msg: str) -> None:
        """Answer a request that the parser cannot read."""
        if not self._are_crumbs:
            super().send_400_response(msg)
            return
        self.note_cut("crumbs")
        if self._is_reading_body and not self.pipeline:
            self.refuse(400, "tiny_chunks", _TINY)
        else:  # an answer is under way, and must not be followed by another one
            self.transport.close()

    def _stop_parsing(self) -> None:
        self._are_crumbs = True
        raise _Crumbs  # the parser's own error goes the way of `send_400_response`

    def on_body(self, body: bytes) -> None:
        """Add to the number of body bytes received."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop to measure the body."""
        self._is_reading_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Start to wait for the next request."""
        self._since = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        """Continue writing, as the client has read the pending bytes."""
        self._seconds_unread = 0.0
        super().resume_writing()

    def note_cut(self, reason: Cut) -> None:
        """Count a connection that was ended by a limit."""
        self._process.note_cut(reason)
        services = self.app_state.get("services")
        if services is not None:
            services.metrics.count_cut_connection(reason)

    def give_way(self) -> None:
        """Close this connection to make room for a new one."""
        self.note_cut("crowded")
        self._process.open.remove(self)  # it is on its way out, and must not be chosen again
        if self._is_reading_body and self.is_answering:
            self.refuse(408, "request_timeout", _TOO_SLOW)
        else:
            self.transport.abort()

    def pass_time(self, seconds: float) -> None:
        """Close the connection if it has waited for too long."""
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
    """Return how long a body of this size may take.

    The size is the number of bytes received so far.
    """
    return min(BODY_SECONDS + body_bytes / LEAST_BYTES_A_SECOND, MOST_BODY_SECONDS)
