"""Figures of the worker's jobs, for Prometheus and health checks."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client import Metric

from opinionlens.jobs.job_schedule import Job
from opinionlens.storage.job_states import JobState
from opinionlens.storage.shadow_answers import ShadowTotals

# A loop gives a sign of life twice a minute; a database that hangs holds it up for some seconds.
_SILENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class JobFigure:
    """Name, kind, meaning and labels of one metric.

    `docs/metrics.md` shows the same table. The label `task` names the job, because
    Prometheus itself sets one of the name `job`.
    """

    name: str
    kind: Literal["counter", "gauge"]
    meaning: str
    labels: tuple[str, ...] = ("task",)


INTERVAL = JobFigure("worker_job_interval_seconds", "gauge", "How often a job runs, by the settings.")
LAST_SUCCESS = JobFigure(
    "worker_job_last_success_time_seconds",
    "gauge",
    "When a job last ended well in any worker, in seconds since 1970; absent before the first time.",
)
FAILURES = JobFigure("worker_job_failures", "gauge", "Runs in a row that failed, in any worker.")
RUNS = JobFigure("worker_job_runs_total", "counter", "Runs that ended in this worker.", ("task", "outcome"))
DURATION = JobFigure("worker_job_duration_seconds", "gauge", "How long the last run in this worker took.")
_VERSION = ("model_name", "model_version")
SHADOW_ANSWERS = JobFigure(
    "worker_shadow_answers",
    "gauge",
    "Stored answers of a challenger to served texts, of all workers.",
    _VERSION,
)
SHADOW_DIFFERING = JobFigure(
    "worker_shadow_differing", "gauge", "Those of them with another label than was served.", _VERSION
)

FIGURES: tuple[JobFigure, ...] = (
    INTERVAL,
    LAST_SUCCESS,
    FAILURES,
    RUNS,
    DURATION,
    SHADOW_ANSWERS,
    SHADOW_DIFFERING,
)


class WorkerMetrics:
    """The known figures of the jobs, safe among threads."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        """Begin with nothing known; each loop counts as alive."""
        self._jobs = jobs
        self._lock = threading.Lock()
        self._states: dict[str, JobState] = {}
        self._runs: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[str, float] = {}
        self._shadow: Sequence[ShadowTotals] = ()
        self._alive_at = {job.name: time.monotonic() for job in jobs}

    def saw(self, job: Job, state: JobState) -> None:
        """Take the state of a job, common to all workers."""
        with self._lock:
            self._states[job.name] = state

    def saw_shadow(self, totals: Sequence[ShadowTotals]) -> None:
        """Take the stored answers of challengers."""
        with self._lock:
            self._shadow = totals

    def alive(self, job: Job) -> None:
        """Take a sign of life of a job's loop."""
        with self._lock:
            self._alive_at[job.name] = time.monotonic()

    def ran(self, job: Job, outcome: str, seconds: float) -> None:
        """Take the end of a run."""
        with self._lock:
            self._runs[job.name, outcome] += 1
            self._seconds[job.name] = seconds

    def stuck(self) -> list[str]:
        """Return the jobs with a loop silent for two minutes."""
        with self._lock:
            before = time.monotonic() - _SILENCE_SECONDS
            return [name for name, at in self._alive_at.items() if at < before]

    def runs(self, outcome: str) -> int:
        """Return the number of runs here with that outcome."""
        with self._lock:
            return sum(count for (_, found), count in self._runs.items() if found == outcome)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric; without samples where nothing is known."""
        with self._lock:
            states, seconds, runs = dict(self._states), dict(self._seconds), dict(self._runs)
            shadow = self._shadow
        metrics = {
            figure: Metric(figure.name.removesuffix("_total"), figure.meaning, figure.kind)
            for figure in FIGURES
        }

        def add(figure: JobFigure, value: float, *labels: str) -> None:
            names = dict(zip(figure.labels, labels, strict=True))
            metrics[figure].add_sample(figure.name, names, value)

        for job in self._jobs:
            add(INTERVAL, job.every.total_seconds(), job.name)
        for name, state in states.items():
            if state.succeeded_at is not None:
                add(LAST_SUCCESS, state.succeeded_at.timestamp(), name)
            add(FAILURES, state.failures, name)
        for (name, outcome), count in runs.items():
            add(RUNS, count, name, outcome)
        for name, value in seconds.items():
            add(DURATION, value, name)
        for one in shadow:
            add(SHADOW_ANSWERS, one.answered, one.version.name, str(one.version.number))
            add(SHADOW_DIFFERING, one.differing, one.version.name, str(one.version.number))
        yield from metrics.values()
