"""A transport that joins an answer's headers and body.

uvicorn writes an answer's headers and its body one after the other. Each write is a call to the system and
often a packet of its own, and the first wakes up a client that cannot do anything with it yet.
"""

from __future__ import annotations

import asyncio
from typing import Any

# More is passed on at once, so that the transport can say that the client does not keep up.
MOST_BYTES = 64 * 1024


class GatheredWrites(asyncio.Transport):
    """A transport that joins writes for another one.

    They are passed on as soon as the event loop has done what it is at.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Write to `transport`, served by `loop`."""
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes | bytearray | memoryview] = []
        self._bytes = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write soon."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)
        self._bytes += len(data)
        if self._bytes > MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Pass the gathered writes on now."""
        parts, self._parts, self._bytes = self._parts, [], 0
        if parts:
            self._transport.write(b"".join(parts))

    def close(self) -> None:
        """Pass the gathered writes on, then close."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once, without the gathered writes."""
        self._parts, self._bytes = [], 0
        self._transport.abort()

    def is_closing(self) -> bool:
        """Return whether it is closed or will be."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's
        """Return a fact about the connection by its name."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Stop reading."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._transport.resume_reading()
