"""An event that Ctrl-C and SIGTERM set."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from types import FrameType


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set.

    A handler must not set it itself. It runs amid whatever the main thread does, and that holds the event's
    lock for moments in each `wait`: both would wait for ever. So a thread sets it, told by a queue whose
    `put` a handler may call. Works in the main thread only.
    """
    stop, told = threading.Event(), SimpleQueue[None]()

    def handle(number: int, frame: FrameType | None) -> None:
        told.put(None)

    def listen() -> None:
        told.get()
        stop.set()

    listening = threading.Thread(target=listen, name="stop-signals", daemon=True)
    listening.start()
    with ExitStack() as stack:
        stack.callback(told.put, None)
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, handle))
        yield stop
