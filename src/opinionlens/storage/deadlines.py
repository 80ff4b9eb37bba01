"""How long this thread still waits for the database."""

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
    """Give what this thread asks in the block so many seconds; an earlier deadline stays."""
    before = _deadline.at
    _deadline.at = min(before, time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.at = before


def remaining() -> float:
    """Return the seconds that are left; negative when it is too late, infinite without a deadline."""
    return _deadline.at - time.monotonic()
