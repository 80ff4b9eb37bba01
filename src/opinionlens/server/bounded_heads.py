"""Limits on request lines and headers, in size and time.

uvicorn itself would keep lines and headers of any size, and wait for them without end. A reverse proxy limits
them as well; the app must also be safe alone.
"""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from opinionlens.server.gathered_writes import GatheredWrites
from opinionlens.web.http.problem_json import problem

if TYPE_CHECKING:
    from opinionlens.web.metrics import Cut

# Addresses of more than 64 KiB cannot be parsed anyway. Checked for each piece that arrives, so that a head
# in one piece may be somewhat longer.
MOST_HEAD_BYTES = 128 * 1024
# Of all fields but the first line. Browsers send about 20 in 2 KiB; each costs every part that looks for one.
MOST_FIELDS, MOST_FIELD_BYTES = 100, 32 * 1024
# From the connection, or the first byte of a further request, to the end of the headers.
HEAD_SECONDS = 60.0

_TOO_LARGE = "The headers are too large."


class _HeadTooLarge(Exception):
    """Signal to the parser that a head exceeds its limits."""


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's HTTP protocol with limits on request heads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Take uvicorn's arguments."""
        super().__init__(*args, **kwargs)
        self._head_bytes = 0  # that arrived since the last body, or the last end of one
        self._field_bytes = self._fields = 0
        self._timer: asyncio.TimerHandle | None = None

    def note_cut(self, reason: Cut) -> None:
        """Report that a limit ends this connection; override to count."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer of the first request."""
        super().connection_made(GatheredWrites(transport, self.loop))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse further bytes, up to the limit of a head."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse_head()
        elif self._timer is None and not self.is_answering:
            self._wait()  # for what comes after the line ends that may stand between two requests

    def on_message_begin(self) -> None:
        """Start the timer of a further request's headers."""
        super().on_message_begin()
        self._field_bytes = self._fields = 0
        self._wait()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count one field and refuse too many."""
        self._fields += 1
        self._field_bytes += len(name) + len(value)
        if self._fields > MOST_FIELDS or self._field_bytes > MOST_FIELD_BYTES:
            raise _HeadTooLarge  # the parser stops, and its own error goes the way of `send_400_response`
        super().on_header(name, value)

    def send_400_response(self, msg: str) -> None:
        """Answer a request that the parser cannot read."""
        if self._fields > MOST_FIELDS or self._field_bytes > MOST_FIELD_BYTES:
            self._refuse_head()
        else:
            super().send_400_response(msg)

    def on_headers_complete(self) -> None:
        """Stop the timer of the headers, as a body follows."""
        self._head_bytes = 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass the body on; the app has its own limit."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Reset the count of head bytes."""
        self._head_bytes = 0
        super().on_message_complete()

    @property
    def is_answering(self) -> bool:
        """Whether a request is being answered, from its headers on."""
        return self.cycle is not None and not self.cycle.response_complete

    def refuse(self, status: int, code: str, detail: str, *, retry_after: str | None = None) -> None:
        """Send an error, unless an answer has begun, and close."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            headers = {"Connection": "close"} | ({"Retry-After": retry_after} if retry_after else {})
            # In a context of its own: what an answer leaves there is not for the next one.
            answer = copy_context().run(problem, status, code, code, detail, headers=headers)
            lines = [STATUS_LINE[status], *(b"%b: %b\r\n" % field for field in answer.raw_headers), b"\r\n"]
            self.transport.write(b"".join(lines) + bytes(answer.body))
        if self.is_answering:  # the app hears of it and stops
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _refuse_head(self) -> None:
        self.note_cut("large_head")
        if self.is_answering:  # the end of that answer must not be followed by another one
            self.transport.close()
        else:
            self.refuse(431, "request_header_fields_too_large", _TOO_LARGE)

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._end_waiting)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_waiting(self) -> None:
        self._timer = None
        if self.is_answering:  # the next request waits for this answer, not for its sender
            self._wait()
        else:
            self.note_cut("slow_head")
            self.transport.close()
