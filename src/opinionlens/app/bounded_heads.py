"""What comes before a body is bounded: the server itself would keep lines and headers of any size, for ever.

A reverse proxy bounds them, too; the app must also be safe alone.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

# Addresses of more than 64 KiB cannot be taken apart anyway. Checked whenever something arrives, so that what
# comes in one piece may be somewhat longer.
MOST_HEAD_BYTES = 128 * 1024
# From the connection, or the first byte of a further request, to the end of the headers.
HEAD_SECONDS = 60.0

_TOO_LARGE = 431
_WORDS = b"The headers are too large.\n"


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's HTTP for one connection, which refuses endless heads and does not wait for slow ones."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Take what uvicorn gives."""
        super().__init__(*args, **kwargs)
        self._head_bytes = 0  # that arrived since the last body, or the last end of one
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless there is no end to it."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        """Begin to wait for the headers of a further request."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """Wait no longer; what comes now is a body."""
        self._head_bytes = 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Leave bodies to the app, which has a limit for them."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Begin to count anew."""
        self._head_bytes = 0
        super().on_message_complete()

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self) -> None:
        if not self._is_answering:  # half of an answer must not be followed by another one
            head = (
                b"content-type: text/plain; charset=utf-8",
                b"content-length: %d" % len(_WORDS),
                b": ".join(CLOSE_HEADER),
            )
            self.transport.write(STATUS_LINE[_TOO_LARGE] + b"\r\n".join((*head, b"", _WORDS)))
        self.transport.close()

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._end_waiting)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_waiting(self) -> None:
        self._timer = None
        if self._is_answering:  # the next request waits for this answer, not for its sender
            self._wait()
        else:
            self.transport.close()
