"""Work in threads that never keep the process from ending.

A server may send its answer byte by byte, without end. Threads of a ThreadPoolExecutor would be waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import copy_context
from threading import Lock, Thread
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def start(work: Callable[[], object]) -> None:
    """Do the work in a thread, with this context's variables."""
    Thread(target=copy_context().run, args=(work,), daemon=True).start()


def mapped(
    function: Callable[[T], R], items: Sequence[T], *, at_once: int, on_each: Callable[[], None]
) -> list[R]:
    """Return the results in order, several made at a time.

    Args:
        function: Makes a result. After the first exception no further item is begun, and it is raised.
        items: What it is called with.
        at_once: Most calls at a time.
        on_each: Called by this thread after each result, in their order.
    """
    results: list[Future[R]] = [Future() for _ in items]
    waiting = iter(zip(items, results, strict=True))
    lock = Lock()

    def work() -> None:
        while True:
            with lock:
                item, result = next(waiting, (None, None))
            if result is None:
                return
            try:
                result.set_result(function(item))  # type: ignore[arg-type]
            except BaseException as error:  # whoever waits for the result gets it
                result.set_exception(error)

    for _ in range(min(at_once, len(items))):
        start(work)
    found = []
    try:
        for result in results:
            found.append(result.result())
            on_each()
    finally:
        with lock:
            for _ in waiting:
                pass  # nothing more is begun
    return found
