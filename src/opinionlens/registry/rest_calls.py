"""Calls that end in time, whatever the server does.

A limit on each pause is not enough: a server can send its answer byte by byte. So each call works in a thread
of its own, and whoever made it stops waiting when its time is over.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from opinionlens.base.errors import RegistryUnavailable
from opinionlens.registry.child import Call
from opinionlens.registry.daemon_threads import start

if TYPE_CHECKING:
    from socket import socket

T = TypeVar("T")

# As many as the child process works on: eight short ones and four transfers.
_MOST_AT_ONCE = 12


@dataclass(eq=False)
class _Work(Call):
    """A call with the sockets from which it awaited answers."""

    number: int = 0
    is_over: bool = False
    sockets: WeakSet[socket] = field(default_factory=WeakSet)

    def end(self) -> None:
        """Let its threads stop, whatever they wait for."""
        from opinionlens.registry.endable_connections import end

        self.is_over = True
        for one in list(self.sockets):
            if _users.get(one) is self:
                end(one)


_at_work: ContextVar[_Work | None] = ContextVar("_at_work", default=None)
# A socket is used again by other calls: only its last user may end it.
_users: WeakKeyDictionary[socket, _Work] = WeakKeyDictionary()


def note_waiting(waiting_for: socket) -> None:
    """Note that this thread's call waits for an answer.

    Raises:
        RegistryUnavailable: nobody waits for the call any more.
    """
    if (work := _awaited_work()) is not None:
        _users[waiting_for] = work
        work.sockets.add(waiting_for)


def note_answer() -> None:
    """Note that the server has answered this thread's call.

    Raises:
        RegistryUnavailable: nobody waits for the call any more.
    """
    if (work := _awaited_work()) is not None:
        work.heard = monotonic()


def _awaited_work() -> _Work | None:
    work = _at_work.get()
    if work is not None and work.is_over:
        raise RegistryUnavailable("Nobody waits for the registry any more.")
    return work


class Calls:
    """The calls under way. Threads may share them."""

    def __init__(self, unavailable: Callable[[str], RegistryUnavailable]) -> None:
        """Start nothing.

        Args:
            unavailable: Makes the error of a sentence.
        """
        self._unavailable = unavailable
        self._places = BoundedSemaphore(_MOST_AT_ONCE)
        self._under_way: set[_Work] = set()
        self._lock = Lock()

    def result(self, work: Callable[[], T], *, silence: float, total: float) -> T:
        """Do the work; return its result or raise its error.

        Args:
            work: Asks the server, and calls `note_answer` after each answer.
            silence: Most seconds without an answer.
            total: Most seconds altogether.

        Raises:
            RegistryUnavailable: one of the two is over, or the calls were ended.
        """
        if not self._places.acquire(timeout=silence):
            raise self._unavailable(f"The registry did not answer {_MOST_AT_ONCE} earlier calls.")
        call = _Work()
        with self._lock:
            self._under_way.add(call)
        try:
            self._start(call, work)
            result: T = call.result(silence=silence, total=total)
            return result
        except TimeoutError:
            raise self._unavailable(f"The registry did not answer within {silence:g} s.") from None
        finally:
            if call.answer.done():
                call.is_over = True
            else:
                call.end()
            with self._lock:
                self._under_way.discard(call)

    def end(self) -> None:
        """End every call that is under way."""
        with self._lock:
            calls = list(self._under_way)
        for call in calls:
            call.end()
            _settle(call.answer, error=self._unavailable("The line to the registry was closed."))

    def _start(self, call: _Work, work: Callable[[], object]) -> None:
        try:
            start(lambda: self._do(call, work))
        except RuntimeError:
            self._places.release()
            raise self._unavailable("The system has no thread left to ask the registry with.") from None

    def _do(self, call: _Work, work: Callable[[], object]) -> None:
        _at_work.set(call)
        try:
            _settle(call.answer, work())
        except BaseException as error:  # whoever waits gets it
            _settle(call.answer, error=error)
        finally:
            self._places.release()


def _settle(answer: Future[object], value: object = None, *, error: BaseException | None = None) -> None:
    with suppress(Exception):  # it was ended meanwhile
        if error is None:
            answer.set_result(value)
        else:
            answer.set_exception(error)
