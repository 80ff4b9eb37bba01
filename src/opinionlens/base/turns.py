"""Turns of heavy work beside the event loop.

Python runs one thread at a time. With two at heavy work the event loop gets a third of it, and answers wait;
so of the two the one that can wait gives way.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

# Longer than the work for a thousand rows takes. What goes on for longer waits itself, for a database.
_MOST_SECONDS = 0.05
_LOOK_SECONDS = 0.002

_busy_until = 0.0


@contextmanager
def urgent_work() -> Iterator[None]:
    """Let `give_way` wait for the block, 50 ms at most."""
    global _busy_until
    _busy_until = time.monotonic() + _MOST_SECONDS
    try:
        yield
    finally:
        _busy_until = 0.0


def give_way() -> None:
    """Wait while another thread is at urgent work.

    For 50 ms at most, however much of it there is.
    """
    deadline = time.monotonic() + _MOST_SECONDS
    while (now := time.monotonic()) < _busy_until and now < deadline:
        time.sleep(_LOOK_SECONDS)
