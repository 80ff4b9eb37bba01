"""Processes for fits, which end with the stage.

A library that computes for minutes in compiled code lets no signal through; here the stage can be stopped all
the same.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.pool import AsyncResult, Pool
from typing import Any, TypeVar

from opinionlens.base.errors import StageFailed

T = TypeVar("T")

_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class FitProcesses:
    """A few processes that run given functions."""

    pool: Pool
    ids: frozenset[int | None]

    def run(self, function: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401 - those of the function
        """Return the result of one call.

        Raises:
            StageFailed: a process has ended by itself.
        """
        return self._result(self.pool.apply_async(function, arguments))

    def run_each(self, function: Callable[..., T], calls: Sequence[tuple[Any, ...]]) -> Iterator[T]:
        """Yield the results of several calls, in their order.

        Raises:
            StageFailed: a process has ended by itself.
        """
        yield from map(self._result, [self.pool.apply_async(function, call) for call in calls])

    def _result(self, waiting: AsyncResult[T]) -> T:
        while not waiting.ready():
            waiting.wait(_LOOK_SECONDS)
            if self.ids - {process.pid for process in multiprocessing.active_children()}:
                raise StageFailed(
                    "A process that was fitting ended by itself.", remedy="Was there too little memory?"
                )
        return waiting.get()


@contextmanager
def fit_processes(count: int) -> Iterator[FitProcesses]:
    """Start processes that are ended with the block."""
    others = {process.pid for process in multiprocessing.active_children()}
    with multiprocessing.get_context("spawn").Pool(count, _ignore_interrupts) as pool:
        started = {process.pid for process in multiprocessing.active_children()} - others
        yield FitProcesses(pool, frozenset(started))


def _ignore_interrupts() -> None:
    """Leave Ctrl-C, which reaches the whole group, to the stage."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
