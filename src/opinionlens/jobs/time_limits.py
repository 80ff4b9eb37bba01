"""A time limit for a call to an outside system."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TypeVar

from opinionlens.base.threads import DaemonThreads

T = TypeVar("T")


def finish_within(seconds: float, work: Callable[[], T], name: str) -> T:
    """Return the result of `work`, or give up on it.

    A call that does not end is left to a thread that dies with the process.

    Args:
        seconds: to wait at most.
        work: the call.
        name: of its thread.

    Raises:
        TimeoutError: it has not ended.
    """
    threads = DaemonThreads(1, name)
    future = threads.submit(work)
    threads.shutdown(wait=False)
    try:
        return future.result(timeout=seconds)
    except FutureTimeout:
        future.cancel()
        raise
