"""Signal to long answers that this process is to end.

A server that is told to end first waits for open answers, and only then tells the app. A stream of progress,
which goes on until something happens, must therefore hear of it at once:

    while not is_final(progress):
        send(progress)
        if await services.stopping.within(0.5):
            break

Behind a balancer the server may also go on for some seconds, while `/health` already says that it is about to
end: the balancer then sends requests elsewhere before the doors close.
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
    """Flag for the coming end of the process."""

    def __init__(self, *, drain_seconds: float = 0) -> None:
        """Start unset.

        Args:
            drain_seconds: time between SIGTERM and the end of accepting requests.
        """
        self._event = asyncio.Event()
        self._drain_seconds = drain_seconds
        self._drains = False

    @property
    def is_set(self) -> bool:
        """Whether the process is to end."""
        return self._event.is_set()

    def begin(self) -> None:
        """Set the flag; from the event loop."""
        self._event.set()

    async def wait(self) -> None:
        """Wait until the flag is set."""
        await self._event.wait()

    async def within(self, seconds: float) -> bool:
        """Wait for the flag, `seconds` at most; return its state."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), seconds)
        return self._event.is_set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Set the flag at SIGTERM and SIGINT within the block.

        The signals are passed on to the server, which acts; the first SIGTERM after the time for draining.
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
            if not callable(server):
                return
            if number == signal.SIGTERM and self._drain_seconds > 0 and not self._drains:
                self._drains = True
                loop.call_soon_threadsafe(loop.call_later, self._drain_seconds, server, number, None)
            else:
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
