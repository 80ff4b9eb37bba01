"""Thread pools that do not delay a process's end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import Empty, SimpleQueue
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonThreads(Executor):
    """An executor of daemon threads.

    They die with the process. Python joins the threads of a `ThreadPoolExecutor` before it exits, so one call
    that never returns (a stopped server, a hung disk) keeps the process alive. Use this one for calls to
    outside systems. Work that was cancelled before a thread took it is not done. Safe among threads; not
    across a fork.
    """

    def __init__(self, count: int, name: str) -> None:
        """Start no thread before there is work.

        Args:
            count: most threads at a time; later work waits.
            name: beginning of the threads' names.
        """
        self._count = count
        self._name = name
        self._work: SimpleQueue[_Job | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._is_closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return the future of `fn(…)`.

        Raises:
            RuntimeError: the pool is shut down.
        """
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # raised where the result is asked for, as any executor does
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            if self._is_closed:
                raise RuntimeError("the threads have been shut down")
            self._work.put(_Job(job, future))
            if not self._idle.acquire(blocking=False) and len(self._threads) < self._count:
                self._start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work.

        Args:
            wait: whether to return only when all threads have ended.
            cancel_futures: whether to drop the work that no thread has taken.
        """
        with self._lock:
            self._is_closed = True
            if cancel_futures:
                self._drop_waiting()
            for _ in self._threads:
                self._work.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _start(self) -> None:
        name = f"{self._name}_{len(self._threads)}"
        thread = threading.Thread(target=self._run, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _run(self) -> None:
        while True:
            try:
                job = self._work.get_nowait()
            except Empty:
                self._idle.release()
                job = self._work.get()
            if job is None:
                return
            job.do()
            del job  # or the result would live until the next job comes

    def _drop_waiting(self) -> None:
        while True:
            try:
                job = self._work.get_nowait()
            except Empty:
                return
            if job is not None:
                job.future.cancel()


class _Job:
    """A waiting call and its future."""

    __slots__ = ("do", "future")

    def __init__(self, do: Callable[[], None], future: Future[T]) -> None:
        self.do = do
        self.future = future
