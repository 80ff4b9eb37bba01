"""A bounded pool of threads for batches of texts.

Such work would hold up the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from opinionlens.base.errors import ServingBusy
from opinionlens.serving.yielding import taking_turns

T = TypeVar("T")

# Small enough that a second batch is not kept waiting by the first, large enough that a hop between threads
# costs little beside the work.
CHUNK_ITEMS = 50


class BatchPool:
    """A pool of threads with a bounded queue.

    A job beyond the bound is refused.
    """

    def __init__(
        self, *, threads: int, queue: int, on_depth: Callable[[float], None] = lambda taken: None
    ) -> None:
        """Have room for `threads + queue` jobs at a time.

        `on_depth` is told how much of the room is taken whenever that changes.
        """
        self._on_depth = on_depth
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="batch")
        self.room = threads + queue
        self._taken = 0.0

    async def run(
        self, work: Callable[[Sequence[str]], list[T]], items: Sequence[str], *, share: float = 1.0
    ) -> list[T]:
        """Return `work(items)`, done in chunks.

        Jobs take turns between chunks.

        Args:
            work: called with each chunk, in a thread.
            items: all of them.
            share: the part of a job's room that this one takes up; a power of 1/2, so that
                nothing is rounded.

        Raises:
            ServingBusy: too many jobs are waiting.
        """
        if self._taken + share > self.room:
            raise ServingBusy("Too many texts are waiting.", remedy="Try again in a moment.")
        self._take(share)
        try:
            loop = asyncio.get_running_loop()
            results: list[T] = []
            with taking_turns():
                for start in range(0, len(items), CHUNK_ITEMS):
                    chunk = items[start : start + CHUNK_ITEMS]
                    here = copy_context()  # so that what is logged in the thread carries the request's id
                    results += await loop.run_in_executor(self._pool, here.run, work, chunk)
            return results
        finally:
            self._take(-share)

    def _take(self, share: float) -> None:
        self._taken += share
        self._on_depth(self._taken)

    def close(self) -> None:
        """Finish running jobs, drop waiting ones."""
        self._pool.shutdown(wait=True, cancel_futures=True)
