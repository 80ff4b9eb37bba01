"""A child process that answers JSON lines."""

from __future__ import annotations

import json
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from threading import Lock, Thread
from time import monotonic
from typing import IO

from opinionlens.base.errors import RegistryUnavailable
from opinionlens.registry.wire import OPENING_ID, Json, error_from_dict

_KEPT_STDERR_LINES = 20


@dataclass(eq=False)
class Call:
    """One request to the child and its answer.

    Attributes:
        number: The id of the request.
        answer: The answer of the child, once it comes.
        heard: When the child was last heard of this call: it reports each answer of the registry's server.
    """

    number: int
    answer: Future[Json] = field(default_factory=Future)
    began: float = field(default_factory=monotonic)
    heard: float = field(default_factory=monotonic)

    def result(self, *, silence: float, total: float) -> Json:
        """Return the answer, or raise the child's error.

        Args:
            silence: Most seconds without a sign that the work goes on.
            total: Most seconds altogether.

        Raises:
            TimeoutError: one of the two is over.
        """
        while True:
            deadline = min(self.heard + silence, self.began + total)
            try:
                return self.answer.result(max(0.0, deadline - monotonic()))
            except TimeoutError:
                is_over = monotonic() >= min(self.heard + silence, self.began + total)
                if is_over and not self.answer.done():
                    raise


class Child:
    """A running child process.

    Any number of calls may wait for their answers at once.

    Attributes:
        ready: Done when the child has said that it answers, or failed.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], opening: Mapping[str, Json]
    ) -> None:
        """Start the child in a session of its own.

        Ctrl-C reaches the parent alone, which then stops the child.

        Args:
            command: Program and arguments.
            environment: All of its environment.
            opening: The arguments of the first request, which opens the registry.

        Raises:
            OSError: the command cannot be started.
            RegistryUnavailable: it ended at once.
        """
        self._process = subprocess.Popen(  # noqa: S603 - our own worker, or the one of a test
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._pending: dict[int, Call] = {}
        self._ids = count(OPENING_ID)
        self._lock = Lock()
        self._silent = False
        self._said: deque[str] = deque(maxlen=_KEPT_STDERR_LINES)
        self._listeners = [
            Thread(target=listen, daemon=True) for listen in (self._collect_stderr, self._dispatch)
        ]
        for listener in self._listeners:
            listener.start()
        try:
            self.ready = self.ask("open", opening)
        except OSError as error:
            self.kill()
            raise self._ended() from error

    @property
    def alive(self) -> bool:
        """Whether it can still answer."""
        return not self._silent and self._process.poll() is None

    @property
    def idle(self) -> bool:
        """Whether no call waits for an answer."""
        with self._lock:
            return not self._pending

    def ask(self, method: str, arguments: Mapping[str, Json]) -> Call:
        """Send a request.

        Raises:
            OSError: the child is gone.
        """
        with self._lock:
            if self._silent:
                raise BrokenPipeError("the child has closed its output")
            call = Call(next(self._ids))
            self._pending[call.number] = call
            request = {"id": call.number, "method": method, "arguments": arguments}
            try:
                self._input.write(json.dumps(request) + "\n")
                self._input.flush()
            except OSError:
                del self._pending[call.number]
                raise
        return call

    def forget(self, call: Call) -> None:
        """Stop waiting for a call.

        Its answer is dropped when it comes.
        """
        with self._lock:
            self._pending.pop(call.number, None)

    def stop(self, grace_seconds: float = 2.0) -> None:
        """End the child, with a grace for its work.

        It may finish its work within the grace, then it is killed. A child that is still starting has no work
        to finish and is killed at once.
        """
        try:
            self._input.close()
            self._process.wait(grace_seconds if self.ready.answer.done() else 0)
        except (OSError, subprocess.TimeoutExpired):
            pass
        self.kill()

    def kill(self) -> None:
        """End the child at once.

        Waiting calls raise RegistryUnavailable.
        """
        self._process.kill()
        self._process.wait()
        for listener in self._listeners:
            listener.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                pass  # a request that could not be written any more

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe; this tells mypy
        return self._process.stdin

    def _dispatch(self) -> None:
        for line in self._process.stdout or ():
            try:
                reply = json.loads(line)
            except ValueError:
                continue  # a library of the child that still found the pipe
            if "progress" in reply:
                self._note_progress(reply["id"])
                continue
            with self._lock:
                waiting = self._pending.pop(reply["id"], None)
            if waiting is None:
                continue
            if "error" in reply:
                waiting.answer.set_exception(error_from_dict(reply["error"]))
            else:
                waiting.answer.set_result(reply["result"])
        self._fail_pending()

    def _note_progress(self, number: int) -> None:
        with self._lock:
            if (call := self._pending.get(number)) is not None:
                call.heard = monotonic()

    def _fail_pending(self) -> None:
        self._listeners[0].join(1.0)  # its last words explain its end
        with self._lock:
            self._silent = True
            waiting, self._pending = list(self._pending.values()), {}
        for call in waiting:
            call.answer.set_exception(self._ended())

    def _ended(self) -> RegistryUnavailable:
        last = f" Its last words: {self._said[-1]}" if self._said else ""
        return RegistryUnavailable(f"The registry's process ended.{last}")

    def _collect_stderr(self) -> None:
        for line in self._process.stderr or ():
            if line.strip():
                self._said.append(line.strip())
