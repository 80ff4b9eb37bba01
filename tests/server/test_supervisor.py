"""The parent of the workers: who is replaced when, and when it gives up. Clock and workers are doubles."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.supervisors.multiprocess import SIGNALS

from opinionlens.server.supervisor import Supervisor


class Worker:
    """What the supervisor asks of a worker: it answers at once while it lives."""

    pids = iter(range(10_000_000, 20_000_000))

    def __init__(self, config: Any, sockets: Any) -> None:
        self.process = self
        self.pid = next(self.pids)
        self.exitcode: int | None = None
        self.has_started = True
        self.parent_conn, self._mine = Pipe()
        self.is_stopped = False

    def start(self) -> None:
        self.answer()  # to the first question; it lies ready

    def answer(self) -> None:
        if not self.is_stopped:
            self._mine.send(self.has_started)

    def is_alive(self) -> bool:
        return self.exitcode is None

    def die(self, status: int) -> None:
        self.exitcode = status

    def kill(self) -> None:
        self.parent_conn.close()
        self._mine.close()

    def join(self, timeout: float | None = None) -> None:
        pass


class Unstarted(Worker):
    def __init__(self, config: Any, sockets: Any) -> None:
        super().__init__(config, sockets)
        self.has_started = False


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., tuple[Supervisor, list[float]]]]:
    """A function that starts a supervisor, with a clock that stands still until it is moved."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    supervisors = []
    (tmp_path / "lock").touch()

    def start(new_worker: type[Worker] = Worker, workers: int = 1) -> tuple[Supervisor, list[float]]:
        now = [0.0]
        config = uvicorn.Config(
            "nothing:app", workers=workers, log_config=None, timeout_worker_healthcheck=20
        )
        supervisor = Supervisor(
            config, [], metrics_folder=tmp_path, new_worker=new_worker, clock=lambda: now[0]
        )
        for _ in range(workers):
            supervisor.processes.append(new_worker(config, []))
            supervisor.processes[-1].start()
        supervisor.keep_subprocess_alive()
        supervisors.append(supervisor)
        return supervisor, now

    yield start
    for number, handler in handlers.items():
        signal.signal(number, handler)
    for supervisor in supervisors:
        for worker in supervisor.processes:
            if worker.is_alive():
                worker.kill()


def die_and_look(supervisor: Supervisor, status: int = -9) -> bool:
    """Let the worker die and tell whether it was replaced at once."""
    worker = supervisor.processes[0]
    worker.die(status)
    supervisor.keep_subprocess_alive()
    return supervisor.processes[0] is not worker


def seconds_until_replaced(supervisor: Supervisor, now: list[float]) -> float:
    worker, begun = supervisor.processes[0], now[0]
    while supervisor.processes[0] is worker:
        now[0] += 0.5
        supervisor.keep_subprocess_alive()
    return now[0] - begun


def test_a_worker_that_dies_is_replaced_at_once(supervise: Callable) -> None:
    supervisor, _ = supervise()
    assert die_and_look(supervisor)
    assert not supervisor.should_exit.is_set()


def test_one_that_dies_again_and_again_is_replaced_ever_more_seldom(supervise: Callable) -> None:
    supervisor, now = supervise()
    assert die_and_look(supervisor)
    waited = []
    for _ in range(7):
        assert not die_and_look(supervisor)
        waited.append(seconds_until_replaced(supervisor, now))
    assert waited == [1, 2, 4, 8, 16, 30, 30]


def test_one_that_was_sound_is_replaced_at_once_again(supervise: Callable) -> None:
    supervisor, now = supervise()
    assert die_and_look(supervisor)
    now[0] += 60
    assert die_and_look(supervisor)
    assert not die_and_look(supervisor)
    assert seconds_until_replaced(supervisor, now) == 1


def test_workers_that_never_start_end_the_parent(supervise: Callable) -> None:
    supervisor, _ = supervise(Unstarted)
    assert not die_and_look(supervisor, status=3)
    assert supervisor.should_exit.is_set()
    assert supervisor.has_failed


def test_one_that_cannot_start_later_does_not_end_the_service(supervise: Callable) -> None:
    supervisor, _ = supervise()
    assert die_and_look(supervisor, status=3)
    assert not supervisor.should_exit.is_set()
    assert not supervisor.has_failed


def test_one_that_is_killed_while_it_starts_is_no_failure(supervise: Callable) -> None:
    supervisor, _ = supervise(Unstarted)
    assert die_and_look(supervisor, status=-9)
    assert not supervisor.has_failed


def seconds_pass(supervisor: Supervisor, now: list[float], seconds: float) -> None:
    """Let time pass, in which the workers that are not stopped answer when they are asked."""
    end = now[0] + seconds
    while now[0] < end:
        now[0] += 0.5
        supervisor.keep_subprocess_alive()
        for worker in supervisor.processes:
            worker.answer()


def test_all_that_hang_are_replaced_within_seconds(supervise: Callable) -> None:
    supervisor, now = supervise(workers=4)
    seconds_pass(supervisor, now, 60)
    hanging = list(supervisor.processes)
    for worker in hanging:
        worker.is_stopped = True
    seconds_pass(supervisor, now, 7)
    assert not set(hanging) & set(supervisor.processes)


def test_those_that_answer_stay_beside_one_that_hangs(supervise: Callable) -> None:
    supervisor, now = supervise(workers=3)
    seconds_pass(supervisor, now, 60)
    first, hanging, third = supervisor.processes
    hanging.is_stopped = True
    seconds_pass(supervisor, now, 30)
    assert supervisor.processes[0] is first
    assert supervisor.processes[1] is not hanging
    assert supervisor.processes[2] is third


def test_one_that_starts_may_be_silent_for_longer(supervise: Callable) -> None:
    supervisor, now = supervise()
    seconds_pass(supervisor, now, 60)
    supervisor.processes[0].die(-9)
    supervisor.keep_subprocess_alive()
    (starting,) = supervisor.processes
    starting.parent_conn.recv()  # as if it had not answered yet
    starting.is_stopped = True
    seconds_pass(supervisor, now, 15)
    assert supervisor.processes == [starting]
    seconds_pass(supervisor, now, 10)
    assert supervisor.processes != [starting]
