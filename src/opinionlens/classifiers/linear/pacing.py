"""Loading a large classifier while another one answers: in slices, with a pause for the others after each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")

# A slice takes under a millisecond; whoever waits for the interpreter waits no longer than that.
_ITEMS = 1_000

_pause_seconds: ContextVar[float] = ContextVar("pause_seconds", default=0.0)


@contextmanager
def unhurried(pause_seconds: float) -> Iterator[None]:
    """Let `slices` pause so long after each slice while the block runs, in this thread."""
    token = _pause_seconds.set(pause_seconds)
    try:
        yield
    finally:
        _pause_seconds.reset(token)


def slices(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield all items, in order, a slice at a time."""
    pause = _pause_seconds.get()
    for start in range(0, len(items), _ITEMS):
        yield items[start : start + _ITEMS]
        if pause:
            time.sleep(pause)
