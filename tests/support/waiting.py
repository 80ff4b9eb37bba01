"""Waiting for what comes about in another thread or process, with an end to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

_PAUSE_SECONDS = 0.02


def wait_until(
    condition: Callable[[], Value], seconds: float = 60, what: str = "the condition holds"
) -> Value:
    """Return the first true value of `condition()`; fail when none has come after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"in {seconds:g} s it did not come about that {what}"
        time.sleep(_PAUSE_SECONDS)
    return value


async def async_wait_until(
    condition: Callable[[], Value], seconds: float = 60, what: str = "the condition holds"
) -> Value:
    """Return the first true value of `condition()`, as `wait_until`, while the event loop goes on."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"in {seconds:g} s it did not come about that {what}"
        await asyncio.sleep(_PAUSE_SECONDS)
    return value
