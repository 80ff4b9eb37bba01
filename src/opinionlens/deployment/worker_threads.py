"""Threads for blocking work.

Files, classifiers and the registry's process would hold up the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from opinionlens.base.threads import DaemonThreads

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """A pool of threads for awaited work.

    It starts no thread before there is work.
    """

    def __init__(self, count: int, name: str) -> None:
        """Use at most `count` threads; later work waits."""
        self._pool = DaemonThreads(count, name)  # a call that hangs must not keep the process alive

    async def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return `work(…)`, done in a thread."""
        here = copy_context()  # so that what is logged in the thread carries the request's id
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: here.run(work, *args, **kwargs))

    def close(self) -> None:
        """Drop waiting work; running work ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)
