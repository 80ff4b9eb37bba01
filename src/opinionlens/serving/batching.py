"""Bounded pools of threads for batches and for single texts.

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
# Single texts that wait for each place in the pool; a single one is a small part of a batch's work.
SINGLES_A_PLACE = 8


class BatchPool:
    """A pool of threads with a bounded queue.

    Single texts have a thread and a queue of their own: behind batches of a slow model they would wait for
    seconds. A job beyond the bounds is refused.
    """

    def __init__(
        self, *, threads: int, queue: int, on_depth: Callable[[float], None] = lambda taken: None
    ) -> None:
        """Have room for `threads + queue` jobs at a time.

        `on_depth` is told how much of the room is taken whenever that changes.
        """
        self._on_depth = on_depth
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="batch")
        self._single = ThreadPoolExecutor(1, thread_name_prefix="single")
        self.room = threads + queue
        self._taken = self._singles = 0

    async def run_single(self, work: Callable[[], T]) -> T:
        """Return `work()`, done beside all batches.

        Raises:
            ServingBusy: too many single texts are waiting.
        """
        if self._singles >= SINGLES_A_PLACE * self.room:
            raise _busy()
        self._singles += 1
        try:
            loop = asyncio.get_running_loop()
            with taking_turns():
                return await loop.run_in_executor(self._single, copy_context().run, work)
        finally:
            self._singles -= 1

    async def run(
        self,
        work: Callable[[Sequence[str]], list[T]],
        items: Sequence[str],
        *,
        chunk_items: int = CHUNK_ITEMS,
    ) -> list[T]:
        """Return `work(items)`, done in chunks.

        Jobs take turns between chunks.

        Args:
            work: called with each chunk, in a thread.
            items: all of them.
            chunk_items: the size of a chunk.

        Raises:
            ServingBusy: too many jobs are waiting.
        """
        if self._taken >= self.room:
            raise _busy()
        self._take(1)
        try:
            loop = asyncio.get_running_loop()
            results: list[T] = []
            with taking_turns():
                for start in range(0, len(items), chunk_items):
                    chunk = items[start : start + chunk_items]
                    here = copy_context()  # so that what is logged in the thread carries the request's id
                    results += await loop.run_in_executor(self._pool, here.run, work, chunk)
            return results
        finally:
            self._take(-1)

    def _take(self, jobs: int) -> None:
        self._taken += jobs
        self._on_depth(self._taken)

    def close(self) -> None:
        """Finish running jobs, drop waiting ones."""
        for pool in (self._single, self._pool):
            pool.shutdown(wait=True, cancel_futures=True)


def _busy() -> ServingBusy:
    return ServingBusy("Too many texts are waiting.", remedy="Try again in a moment.")
