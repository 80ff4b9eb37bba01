"""Time limits of a thread's database calls."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class _Deadline(threading.local):
    at: float = math.inf


_deadline = _Deadline()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limit this thread's database calls in the block.

    An earlier deadline stays in force.
    """
    before = _deadline.at
    _deadline.at = min(before, time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.at = before


def remaining() -> float:
    """Return the seconds left before the deadline.

    Negative when it has passed, infinite without one.
    """
    return _deadline.at - time.monotonic()
