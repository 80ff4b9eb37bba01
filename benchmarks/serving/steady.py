"""Requests at a fixed rate, in a process of their own; wrk always sends as fast as it can.

    python -m benchmarks.serving.steady PORT PATH BODIES RATE SECONDS OUT

Each request has its time. One that finds no free connection then waits, and its waiting counts: a server that
stops for a moment makes all of them late, not only the 16 that it was just answering. Times are those of the
monotonic clock, which every process of a machine shares. OUT gets arrays: when a request was due on a
connection (`began`), how long until its answer (`seconds`), whether that was 200 (`ok`), and how much later
than planned this process itself was (`late`).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from pathlib import Path

import numpy as np
from benchmarks.serving.load import CONNECTIONS

_TICK = 0.0005
_ANSWERED_WITHIN = 10.0


class Connection(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.transport: asyncio.Transport | None = None
        self.began: float | None = None
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.generator.idle.append(self)

    def send(self, request: bytes, began: float) -> None:
        """Send one request; it counts from `began` on."""
        assert self.transport is not None
        self.began, self.received = began, b""
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take in the answer, or a part of it."""
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return
        _, _, rest = head.lower().partition(b"content-length:")
        if len(body) >= int(rest.split(b"\r\n", 1)[0]):
            self._finish(ok=head.startswith(b"HTTP/1.1 200 "))
            self.generator.idle.append(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Count what was under way as failed."""
        self._finish(ok=False)

    def _finish(self, *, ok: bool) -> None:
        if self.began is not None:
            self.generator.done.append((self.began, time.perf_counter() - self.began, ok))
            self.began = None


class Generator:
    """Sends what is due and keeps what came back."""

    def __init__(self, requests: list[bytes], rate: float) -> None:
        self.requests = requests
        self.rate = rate
        self.idle: deque[Connection] = deque()
        self.done: list[tuple[float, float, bool]] = []
        self.late: list[float] = []

    async def run(self, port: int, seconds: float) -> None:
        """Send for some seconds, then wait for the last answers."""
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", port)
        start = time.perf_counter()
        total = int(self.rate * seconds)
        try:
            async with asyncio.timeout(seconds + _ANSWERED_WITHIN):
                await self._send_all(start, total)
                while len(self.done) < total:  # noqa: ASYNC110 - an event would cost each answer something
                    await asyncio.sleep(_TICK)
        except TimeoutError:
            lost = total - len(self.done)
            self.done += [(start + seconds, _ANSWERED_WITHIN, False)] * lost

    async def _send_all(self, start: float, total: int) -> None:
        """Send `total` requests, each when it is due or, if later, when a connection is free."""
        due = 0
        waiting: deque[float] = deque()
        while due < total or waiting:
            now = time.perf_counter()
            while due < total and start + due / self.rate <= now:
                self.late.append(now - (start + due / self.rate))
                waiting.append(now)
                due += 1
            while waiting and self.idle:
                request = self.requests[(due - len(waiting)) % len(self.requests)]
                self.idle.popleft().send(request, began=waiting.popleft())
            await asyncio.sleep(_TICK)


def main() -> None:
    """Send and write what was seen."""
    port, path, bodies, rate, seconds, out = sys.argv[1:]
    lines = Path(bodies).read_bytes().splitlines()
    generator = Generator([_request(path, line) for line in lines], float(rate))
    asyncio.run(generator.run(int(port), float(seconds)))
    began, took, ok = zip(*generator.done, strict=True)
    np.savez(out, began=began, seconds=took, ok=ok, late=generator.late)


def _request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


if __name__ == "__main__":
    main()
