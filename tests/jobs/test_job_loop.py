"""The loop of one job: one worker at a time, leases kept, outages sat out, ended in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from opinionlens.jobs.job_loop import JobLoop
from opinionlens.jobs.job_schedule import Job
from opinionlens.jobs.worker_metrics import WorkerMetrics
from opinionlens.storage import Database, StorageUnavailable, job_states, migrate

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
JOB = Job("drift_check", timedelta(hours=1), ("drift", "check"), good_statuses=frozenset({0, 3}))


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


class ScriptedRun:
    """A run that ends after some looks at it; each look may do something."""

    def __init__(self, status: int = 0, looks: list[Callable[[], object]] | None = None, words: str = ""):
        self._status, self._looks, self._words = status, list(looks or ()), words
        self.was_ended_early = False

    def status(self) -> int | None:
        if self._looks:
            self._looks.pop(0)()
            return None
        return self._status

    def last_words(self) -> str:
        return self._words

    def end(self) -> None:
        self.was_ended_early = bool(self._looks)


class Outage:
    """Whether the database is away, as a loop's preparation meets it."""

    def __init__(self) -> None:
        self.is_away = False

    def __call__(self) -> None:
        if self.is_away:
            raise StorageUnavailable("The database does not answer.")


@pytest.fixture
def database(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'opinionlens.db'}"
    migrate(url)
    with closing(Database(url)) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outage() -> Outage:
    return Outage()


@pytest.fixture
def metrics() -> WorkerMetrics:
    return WorkerMetrics([JOB])


@pytest.fixture
def loop(database: Database, clock: Clock, outage: Outage, metrics: WorkerMetrics):
    """A function that makes a loop whose runs are those given, one after the other."""

    def make(*runs: ScriptedRun, holder: str = "one", job: Job = JOB) -> JobLoop:
        waiting = list(runs)
        return JobLoop(
            job,
            database,
            holder=holder,
            prepare=outage,
            start=lambda _: waiting.pop(0),
            now=clock,
            observer=metrics,
        )

    return make


def state(database: Database) -> job_states.JobState:
    return job_states.find(database, "drift_check")


def test_a_due_job_runs_and_then_waits(loop, database, clock, metrics):
    one = loop(ScriptedRun(3))
    stop = threading.Event()
    assert one.step(stop) == 0
    assert (state(database).succeeded_at, state(database).held_by) == (NOON, None)
    clock.turn(minutes=59, seconds=50)
    assert one.step(stop) == 10  # no run is left: it would raise
    assert metrics.runs("done") == 1


def test_several_workers_run_it_once(loop, database, metrics):
    stop = threading.Event()
    other = loop(holder="two")

    def look() -> None:
        assert other.step(stop) == 30  # no run of its own: it would raise

    loop(ScriptedRun(looks=[look])).step(stop)
    assert other.step(stop) == 30
    assert metrics.runs("done") == 1


def test_a_failure_is_recorded_with_its_reason_and_tried_again(loop, database, clock, metrics):
    one = loop(ScriptedRun(1, words="error: no model"), ScriptedRun(2), ScriptedRun())
    stop = threading.Event()
    one.step(stop)
    assert (state(database).failures, state(database).problem) == (1, "error: no model")
    assert one.step(stop) == 30
    clock.turn(minutes=1)
    one.step(stop)
    assert (state(database).failures, state(database).problem) == (2, "It ended with status 2.")
    clock.turn(minutes=2)
    one.step(stop)
    assert (state(database).failures, state(database).problem) == (0, None)
    assert (metrics.runs("failed"), metrics.runs("done")) == (2, 1)


def test_the_lease_is_renewed_while_it_runs(loop, database, clock):
    until = []

    def look() -> None:
        until.append(state(database).held_until - clock())
        clock.turn(seconds=40)

    loop(ScriptedRun(looks=[look] * 6)).step(threading.Event())
    assert min(until) >= timedelta(seconds=80)
    assert state(database).succeeded_at == NOON + timedelta(seconds=240)


def test_a_run_ends_where_another_worker_took_it_over(loop, database, clock):
    def taken_over() -> None:
        job_states.claim(
            database, state(database), holder="two", until=clock() + timedelta(minutes=2), at=clock()
        )
        clock.turn(seconds=31)

    run = ScriptedRun(looks=[taken_over, lambda: None, lambda: None])
    loop(run).step(threading.Event())
    assert run.was_ended_early
    assert state(database).held_by == "two"


def test_a_run_ends_before_its_lease_does_while_the_database_is_away(loop, database, clock, tmp_path):
    file = tmp_path / "opinionlens.db"

    def away() -> None:
        if file.exists():
            file.rename(tmp_path / "away.db")
        clock.turn(seconds=31)

    run = ScriptedRun(looks=[away] * 20)
    stop = threading.Event()
    one = loop(run)
    threading.Timer(1.5, lambda: (tmp_path / "away.db").rename(file)).start()
    one.step(stop)
    assert run.was_ended_early
    assert clock() - NOON == timedelta(seconds=124)  # the first look after 100 s
    assert state(database).failures == 1
    assert "did not answer" in str(state(database).problem)


def test_a_run_that_takes_too_long_is_ended(loop, database, clock):
    run = ScriptedRun(looks=[lambda: clock.turn(seconds=25)] * 10)
    short = Job("drift_check", timedelta(hours=1), (), most=timedelta(minutes=1))
    loop(run, job=short).step(threading.Event())
    assert run.was_ended_early
    assert state(database).problem == "It took longer than 0:01:00."


def test_a_stop_ends_the_run_and_gives_it_back(loop, database, metrics):
    stop = threading.Event()
    run = ScriptedRun(looks=[stop.set, lambda: None, lambda: None])
    loop(run).run(stop)
    assert run.was_ended_early
    assert state(database) == job_states.JobState("drift_check")
    assert metrics.runs("given_back") == 1


def test_a_run_that_ended_well_as_the_stop_came_counts(loop, database):
    stop = threading.Event()

    class EndsWithTheStop(ScriptedRun):
        def status(self) -> int | None:
            stop.set()
            return 0

    loop(EndsWithTheStop()).run(stop)
    assert state(database).succeeded_at == NOON


def test_an_outage_is_said_once_and_sat_out(loop, outage, database, monkeypatch):
    stop, waits = threading.Event(), []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        outage.is_away = len(waits) < 8
        if len(waits) == 9:
            stop.set()

    monkeypatch.setattr(stop, "wait", wait)
    outage.is_away = True
    with capture_logs() as logs:
        loop(ScriptedRun()).run(stop)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30, 0]
    events = [line["event"] for line in logs]
    assert events.count("worker.database_away") == events.count("worker.database_back") == 1
    assert state(database).succeeded_at == NOON


def test_what_cannot_even_start_is_logged_and_tried_again(loop, database, monkeypatch):
    stop, waits = threading.Event(), []
    monkeypatch.setattr(stop, "wait", lambda seconds: (waits.append(seconds), stop.set()))
    with capture_logs() as logs:
        loop().run(stop)  # starting raises
    assert waits == [30]
    assert [line["event"] for line in logs][-1] == "worker.step_failed"
