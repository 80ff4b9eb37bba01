"""`opinionlens worker`: jobs on a schedule."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from functools import partial

import structlog

from opinionlens.base.extras import require_extra
from opinionlens.base.settings import Settings, load_settings
from opinionlens.base.stop_signals import stopped_by_signals
from opinionlens.cli.command_runs import CommandRun
from opinionlens.cli.job_catalogue import jobs_of
from opinionlens.jobs.job_loop import JobLoop
from opinionlens.jobs.worker_endpoint import answering
from opinionlens.jobs.worker_metrics import WorkerMetrics
from opinionlens.server.bootstrap import configure_logging_by
from opinionlens.storage import Database, StorageError, migrate, shadow_answers
from opinionlens.storage.columns import utc_now
from opinionlens.storage.migrating import is_current

# For a run to be ended (5 seconds, then it is killed) and given back.
_END_SECONDS = 15.0
_SHADOW_LOOK_SECONDS = 15.0

log = structlog.get_logger("worker")


def run_worker(*, once: bool) -> int:
    """Run each job on its schedule until a signal comes.

    Args:
        once: run what is due now, and return.

    Returns:
        The exit status: with `once` 1 where a run failed.

    Raises:
        ExtraMissing: the extra `worker` is not installed.
        SettingsInvalid: a setting is unknown or impossible, or the port is taken.
        StorageError: with `once`, the database does not answer.
    """
    require_extra("worker", needed_by="`opinionlens worker`")
    settings = load_settings()
    configure_logging_by(settings.api)
    jobs = jobs_of(settings.worker)
    metrics = WorkerMetrics(jobs)
    url = settings.database.url.get_secret_value()
    with stopped_by_signals() as stop, closing(Database(url, pool_size=len(jobs) + 1)) as database:
        tables = _Tables(database, url)
        holder = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        loops = [
            JobLoop(
                job,
                database,
                holder=holder,
                prepare=tables.prepare,
                start=CommandRun,
                now=utc_now,
                observer=metrics,
            )
            for job in jobs
        ]
        if not once:
            watch = partial(_watch_shadow, stop, database, metrics) if settings.worker.shadow_share else None
            _run_until(stop, loops, metrics, settings, watch)
            return 0
        for loop in loops:
            loop.step(stop)
        return 1 if metrics.runs("failed") else 0


def _run_until(
    stop: threading.Event,
    loops: list[JobLoop],
    metrics: WorkerMetrics,
    settings: Settings,
    watch: Callable[[], None] | None,
) -> None:
    with ExitStack() as stack:
        if settings.worker.port:
            stack.enter_context(answering(settings.worker.host, settings.worker.port, metrics))
        threads = [threading.Thread(target=loop.run, args=(stop,), daemon=True) for loop in loops]
        if watch is not None:
            threads.append(threading.Thread(target=watch, daemon=True))
        for thread in threads:
            thread.start()
        log.info("worker.started", port=settings.worker.port or None)
        stop.wait()
        for thread in threads:
            thread.join(_END_SECONDS)
        log.info("worker.stopped")


def _watch_shadow(stop: threading.Event, database: Database, metrics: WorkerMetrics) -> None:
    """Show the stored answers of challengers until `stop`.

    While the database is away the last known ones stay.
    """
    while not stop.is_set():
        with suppress(StorageError):  # the loops of the jobs say so
            metrics.saw_shadow(shadow_answers.totals(database))
        stop.wait(_SHADOW_LOOK_SECONDS)


class _Tables:
    """Preparation of the tables, done once for all loops."""

    def __init__(self, database: Database, url: str) -> None:
        self._database = database
        self._url = url
        self._lock = threading.Lock()
        self._are_ready = False

    def prepare(self) -> None:
        """See to the tables.

        Raises:
            StorageError: the database does not answer, or its tables are of a newer version.
        """
        with self._lock:
            if self._are_ready:
                return
            if not is_current(self._database):
                migrate(self._url)
            self._are_ready = True
