"""Loading in slices, with pauses for other threads.

So a large classifier can be loaded while another one answers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from opinionlens.base.turns import give_way

T = TypeVar("T")

# A slice takes under a millisecond; a thread that waits for the interpreter waits no longer than that.
_ITEMS = 1_000

_pause_seconds: ContextVar[float] = ContextVar("pause_seconds", default=0.0)


@contextmanager
def unhurried(pause_seconds: float) -> Iterator[None]:
    """Let `slices` pause after each slice within the block.

    In this thread.
    """
    token = _pause_seconds.set(pause_seconds)
    try:
        yield
    finally:
        _pause_seconds.reset(token)


def slices(items: Sequence[T], at_once: int = _ITEMS) -> Iterator[Sequence[T]]:
    """Yield all items, in order, a slice at a time."""
    pause = _pause_seconds.get()
    for start in range(0, len(items), at_once):
        yield items[start : start + at_once]
        if pause:
            time.sleep(pause)
            give_way()
