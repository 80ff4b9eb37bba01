"""An event that Ctrl-C and SIGTERM set."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set.

    A handler in Python would come too late: it runs in the main thread alone, and not while that waits for a
    lock. A signal that arrives right before such a wait, or in another thread, does not end it. So the
    interpreter itself writes the signal's number to a socket, at once, and a thread that reads there sets
    the event. Works in the main thread only.
    """
    stop = threading.Event()
    told, tells = socket.socketpair()
    tells.setblocking(False)

    def listen() -> None:
        with closing(told):
            while number := told.recv(1):
                if number[0] in _NUMBERS:
                    stop.set()

    listening = threading.Thread(target=listen, name="stop-signals", daemon=True)
    listening.start()
    with ExitStack() as stack:
        stack.callback(tells.close)
        stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False))
        for number in _NUMBERS:
            stack.callback(signal.signal, number, signal.signal(number, _heard))
        yield stop


def _heard(number: int, frame: FrameType | None) -> None:
    """Do nothing; the interpreter writes the number."""
