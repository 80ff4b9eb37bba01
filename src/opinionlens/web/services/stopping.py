"""How the parts that could go on for long learn that this process is to end.

A server that is told to end first waits for open answers, and only then tells the app. An answer that goes on
until something happens (a stream of progress) must therefore hear of it at once:

    while not is_final(progress):
        send(progress)
        if await services.stopping.within(0.5):
            break
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """Set from the moment this process is told to end."""

    def __init__(self) -> None:
        """Begin unset."""
        self._event = asyncio.Event()

    @property
    def is_set(self) -> bool:
        """Whether the end has begun."""
        return self._event.is_set()

    def begin(self) -> None:
        """Let the end begin; from the event loop."""
        self._event.set()

    async def wait(self) -> None:
        """Return when the end begins."""
        await self._event.wait()

    async def within(self, seconds: float) -> bool:
        """Wait that long at most and tell whether the end has begun."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), seconds)
        return self._event.is_set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take note of SIGTERM and SIGINT within the block, and pass them on to the server, which acts.

        Enter it on the event loop, when the server has set up its own handlers. In another thread than the
        first one (tests) there are no signals to hear.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        servers = {number: signal.getsignal(number) for number in _SIGNALS}

        def note(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._event.set)
            server = servers[signal.Signals(number)]
            if callable(server):
                server(number, frame)

        heard = [number for number in _SIGNALS if callable(servers[number])]
        for number in heard:
            signal.signal(number, note)
        try:
            yield
        finally:
            for number in heard:
                if signal.getsignal(number) is note:
                    signal.signal(number, servers[number])
