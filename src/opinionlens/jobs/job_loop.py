"""The loop of one job, in one worker at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from opinionlens.jobs.job_schedule import Job, time_until_due
from opinionlens.storage import Database, StorageError, job_states
from opinionlens.storage.job_states import JobState

# A worker that was killed holds its jobs up for so long.
_LEASE = timedelta(minutes=2)
_RENEWAL = timedelta(seconds=30)
# A run must have ended before its lease does, so that no other worker begins beside it.
_MARGIN = timedelta(seconds=20)
# Another worker may finish or give back in between, and settings may change.
_LONGEST_WAIT_SECONDS = 30.0
_LOOK_SECONDS = 0.2
_FIRST_PAUSE_SECONDS = 1.0

log = structlog.get_logger("worker")


class JobRun(Protocol):
    """A run of a job in its own process."""

    def status(self) -> int | None:
        """Return its exit status; None while it runs."""

    def last_words(self) -> str:
        """Return the last thing that it said."""

    def end(self) -> None:
        """End it within seconds, if it still runs."""


class JobObserver(Protocol):
    """A listener to the jobs' events, told from any thread."""

    def saw(self, job: Job, state: JobState) -> None:
        """Take the state of a job, common to all workers."""

    def alive(self, job: Job) -> None:
        """Take a sign of life of a job's loop."""

    def ran(self, job: Job, outcome: str, seconds: float) -> None:
        """Take the end of a run here.

        The outcome is `done`, `failed` or `given_back`.
        """


class JobLoop:
    """A loop that runs one job on its schedule.

    While the database is away it says so once, and asks again ever more seldom.
    """

    def __init__(
        self,
        job: Job,
        database: Database,
        *,
        holder: str,
        prepare: Callable[[], None],
        start: Callable[[Job], JobRun],
        now: Callable[[], datetime],
        observer: JobObserver,
    ) -> None:
        """Ask nothing yet.

        Args:
            job: the job.
            database: where its state is kept.
            holder: a name for this worker that no other has.
            prepare: sees to the tables; called before each look, and raises a StorageError.
            start: begins a run.
            now: the clock.
            observer: told what happens.
        """
        self._job = job
        self._database = database
        self._holder = holder
        self._prepare = prepare
        self._start = start
        self._now = now
        self._observer = observer
        self._troubles = 0

    def run(self, stop: threading.Event) -> None:
        """Run the job whenever it is due, until `stop`."""
        while not stop.is_set():
            self._observer.alive(self._job)
            stop.wait(self._guarded_step(stop))

    def _guarded_step(self, stop: threading.Event) -> float:
        try:
            wait = self.step(stop)
        except StorageError as error:
            if self._troubles == 0:
                log.warning("worker.database_away", task=self._job.name, reason=str(error))
            self._troubles += 1
            return float(min(_FIRST_PAUSE_SECONDS * 2 ** min(self._troubles - 1, 10), _LONGEST_WAIT_SECONDS))
        except Exception:  # a loop that died silently would leave its job undone for good
            log.exception("worker.step_failed", task=self._job.name)
            return _LONGEST_WAIT_SECONDS
        if self._troubles:
            log.info("worker.database_back", task=self._job.name)
        self._troubles = 0
        return wait

    def step(self, stop: threading.Event) -> float:
        """Run the job if due; return seconds until another look.

        Raises:
            StorageError: the database does not answer, or its tables are of another version.
        """
        self._prepare()
        now = self._now()
        state = job_states.find(self._database, self._job.name)
        self._observer.saw(self._job, state)
        wait = time_until_due(self._job, state, now)
        if wait > timedelta():
            return min(wait.total_seconds(), _LONGEST_WAIT_SECONDS)
        until = now + _LEASE
        if not job_states.claim(self._database, state, holder=self._holder, until=until, at=now):
            return _FIRST_PAUSE_SECONDS
        self._run_held(now, until, stop)
        self._observer.saw(self._job, job_states.find(self._database, self._job.name))
        return 0.0

    def _run_held(self, began: datetime, until: datetime, stop: threading.Event) -> None:
        log.info("worker.job_started", task=self._job.name)
        run = self._start(self._job)
        try:
            problem = self._watch(run, began, until, stop)
        finally:
            run.end()
        seconds = (self._now() - began).total_seconds()
        if stop.is_set() and problem is not None:
            self._observer.ran(self._job, "given_back", seconds)
            log.info("worker.job_given_back", task=self._job.name, seconds=seconds)
            job_states.give_back(self._database, self._job.name, holder=self._holder)
            return
        self._observer.ran(self._job, "failed" if problem else "done", seconds)
        if problem:
            log.warning("worker.job_failed", task=self._job.name, seconds=seconds, reason=problem)
        else:
            log.info("worker.job_done", task=self._job.name, seconds=seconds)
        self._record(problem, stop)

    def _watch(self, run: JobRun, began: datetime, until: datetime, stop: threading.Event) -> str | None:
        """Wait for a run; return why it failed, or None."""
        renew_at = began + _RENEWAL
        while (status := run.status()) is None:
            self._observer.alive(self._job)
            now = self._now()
            if stop.is_set():
                return "The worker was told to stop."
            if now - began > self._job.most:
                return f"It took longer than {self._job.most}."
            if now > until - _MARGIN:
                return "The database did not answer, so no other worker could know of this run."
            if now >= renew_at:
                renew_at, kept_until = now + _RENEWAL, self._renewed(now)
                if kept_until is None:
                    return "Another worker took it over."
                until = max(until, kept_until)
            stop.wait(_LOOK_SECONDS)
        if status in self._job.good_statuses:
            return None
        return run.last_words() or f"It ended with status {status}."

    def _renewed(self, now: datetime) -> datetime | None:
        """Renew the lease; return its end, None if lost."""
        until = now + _LEASE
        try:
            held = job_states.extend(self._database, self._job.name, holder=self._holder, until=until)
        except StorageError as error:
            log.warning("worker.lease_not_renewed", task=self._job.name, reason=str(error))
            return now
        return until if held else None

    def _record(self, problem: str | None, stop: threading.Event) -> None:
        """Record the end of a run, with patience.

        Another worker that takes the lapsed lease over would do the run a second time.
        """
        pause, give_up_at = _FIRST_PAUSE_SECONDS, self._now() + _LEASE
        while True:
            try:
                job_states.finish(
                    self._database, self._job.name, holder=self._holder, problem=problem, at=self._now()
                )
                return
            except StorageError:
                if stop.is_set() or self._now() > give_up_at:
                    raise
            self._observer.alive(self._job)
            stop.wait(pause)
            pause = min(2 * pause, _LONGEST_WAIT_SECONDS)
