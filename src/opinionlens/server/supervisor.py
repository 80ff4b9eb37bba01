"""Parent process of several workers.

It starts them, replaces those that die, and ends them in order. Beyond uvicorn's own supervisor: the counts
of a dead worker are kept, a worker that dies repeatedly is restarted ever more slowly, one that cannot start
does not stop the others, several that hang are noticed at the same time, and shutdown takes a bounded time.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import structlog
from uvicorn.config import Config
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from opinionlens.web.metrics.shared_counts import retire

# A worker that lived this long was sound; its successor starts at once.
_SOUND_SECONDS = 30.0
_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 30.0
# A worker that has answered its parent before, and now does not, hangs: a thread of its own answers, and that
# within milliseconds. Its first answer may take `timeout_worker_healthcheck`, as it starts.
_SILENCE_SECONDS = 5.0
# Beyond the time that workers take for open requests and for what they still have to write.
_END_SECONDS = 15.0

log = structlog.get_logger("supervisor")


@dataclass(slots=True)
class _Life:
    """State of one worker.

    Attributes:
        born: when it was started.
        pause: seconds that its place stays empty should it die young.
        successor_due: when it is replaced, once it is dead.
        asked: since when it owes its parent an answer.
        has_answered: whether it ever gave one.
    """

    born: float
    pause: float = 0.0
    successor_due: float | None = None
    asked: float | None = None
    has_answered: bool = False


class Supervisor(Multiprocess):
    """Supervisor of `config.workers` processes until a signal comes."""

    def __init__(
        self,
        config: Config,
        sockets: list[socket],
        *,
        metrics_folder: Path,
        drain_seconds: float = 0,
        new_worker: Callable[[Config, list[socket]], Process] = Process,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare without starting; from now on `run` handles signals.

        Args:
            config: what each worker serves, and how many there are.
            sockets: what they listen on.
            metrics_folder: where they count together.
            drain_seconds: time in which they still answer after they have been told to end.
            new_worker: makes one; tests give a double.
            clock: tells the seconds.
        """
        super().__init__(config, sockets)
        self._new_worker = new_worker
        self._clock = clock
        self._drain_seconds = drain_seconds
        self.has_failed = False  # whether the first workers could not start at all
        self._metrics_folder = metrics_folder
        self._has_served = False
        self._lives: dict[Process, _Life] = {}
        self._counted: set[int] = set()  # workers whose counts stand in files of their own

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that have died; called twice a second."""
        for place, worker in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            life = self._lives.setdefault(worker, _Life(self._clock()))
            if life.successor_due is not None:
                if self._clock() >= life.successor_due:
                    self._replace(place, life)
            elif not self._is_well(worker, life):
                self._bury(place, worker, life)
        self._retire_all_but({worker.pid for worker in self.processes if worker.pid is not None})

    def terminate_all(self) -> None:
        """Close the sockets and ask the workers to end.

        The sockets go first: connections that no worker accepts any more would wait in vain.
        """
        for listening in self.sockets:
            listening.close()
        super().terminate_all()
        for worker in self.processes:
            if worker.pid is not None and worker.exitcode is None:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGCONT)  # one that was stopped hears nothing before

    def join_all(self) -> None:
        """Wait for the workers to finish; kill those that hang."""
        grace = self._drain_seconds + (self.config.timeout_graceful_shutdown or 0)
        deadline = time.monotonic() + grace + _END_SECONDS
        for worker in self.processes:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                log.error("worker.killed", pid=worker.pid, reason="It did not end in time.")
                worker.process.kill()
                worker.process.join()

    def _is_well(self, worker: Process, life: _Life) -> bool:
        """Tell whether a worker lives and answers its parent.

        Before any worker has served, being alive is enough.
        """
        if not worker.process.is_alive():
            return False
        try:
            self._listen_and_ask(worker, life)
        except (OSError, EOFError):
            return not self._has_served
        if not self._has_served or life.asked is None:
            return True
        patience = _SILENCE_SECONDS if life.has_answered else self.config.timeout_worker_healthcheck
        return self._clock() - life.asked <= patience

    def _listen_and_ask(self, worker: Process, life: _Life) -> None:
        if life.asked is None:
            worker.parent_conn.send(b"ping")
            life.asked = self._clock()
        if worker.parent_conn.poll():
            has_started = worker.parent_conn.recv()
            life.asked, life.has_answered = None, True
            self._has_served = self._has_served or bool(has_started)

    def _bury(self, place: int, worker: Process, life: _Life) -> None:
        worker.kill()  # it may hang
        worker.process.join()
        status = worker.exitcode or 0
        log.warning("worker.died", pid=worker.pid, status=status)
        if (
            status > 0 and not self._has_served
        ):  # not killed, and never sound: the next one would not be either
            self.has_failed = True
            self.should_exit.set()
            return
        was_sound = self._clock() - life.born > _SOUND_SECONDS
        life.pause = 0.0 if was_sound else life.pause
        life.successor_due = self._clock() + life.pause
        if life.pause == 0:
            self._replace(place, life)

    def _replace(self, place: int, life: _Life) -> None:
        self._lives.pop(self.processes[place], None)
        worker = self._new_worker(self.config, self.sockets)
        pause = min(max(2 * life.pause, _SHORTEST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
        self._lives[worker] = _Life(self._clock(), pause)
        worker.start()
        self.processes[place] = worker

    def _retire_all_but(self, present: set[int]) -> None:
        """Merge the counts of workers that have ended."""
        for pid in self._counted - present:
            try:
                retire(self._metrics_folder, pid)
            except (OSError, RuntimeError) as error:  # its counts stay where they are, and are still added up
                log.warning("metrics.not_retired", pid=pid, reason=str(error))
        self._counted = present
