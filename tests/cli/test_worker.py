"""`opinionlens worker` as a process: real drift checks, several workers, SIGTERM, an outage."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from tests.support.drift_model import write_model
from tests.support.drift_traffic import posts
from tests.support.ports import free_port
from tests.support.programs import HttpProgram, clean_environment
from tests.support.waiting import wait_until

from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.storage import Database, drift_reports, job_states, migrate, predictions
from opinionlens.storage.predictions import PredictionRow, hash_text

pytestmark = pytest.mark.slow


class WorkerProgram(HttpProgram):
    """`opinionlens worker` in a folder of its own, on a free port."""

    def __init__(self, folder: Path, number: int, *options: str, **settings: str) -> None:
        self.port = free_port()
        own = {
            "API__LOGGING_FORMAT": "json",
            "WORKER__PORT": str(self.port),
            "API__MODEL_PATH": "model",
        }
        command = [sys.executable, "-m", "opinionlens.cli.main", "worker", *options]
        super().__init__(
            command,
            folder,
            environment=clean_environment(**own | settings),
            out=folder / f"out{number}.log",
            err=folder / f"err{number}.log",
        )

    def events(self) -> list[str]:
        """Return the events of its log."""
        return [json.loads(line)["event"] for line in self.log.splitlines() if line.startswith("{")]


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[..., WorkerProgram]]:
    workers: list[WorkerProgram] = []

    def start(*options: str, **settings: str) -> WorkerProgram:
        worker = WorkerProgram(tmp_path, len(workers), *options, **settings)
        workers.append(worker)
        worker.start()
        return worker

    yield start
    for worker in workers:
        worker.kill()


def serve_predictions(folder: Path, count: int) -> None:
    """Write a log of predictions of the model, as the app does; texts are not kept."""
    classifier = load_classifier(folder / "model")
    digest = read_manifest(folder / "model").digest
    texts = posts(random.Random(7), count)
    at = datetime.now(UTC) - timedelta(hours=1)
    rows = [
        PredictionRow(
            id=uuid4(),
            at=at,
            model_name=f"opinionlens@{digest[:12]}",
            model_version=None,
            text_hash=hash_text(text),
            length_chars=len(text),
            label=one.label,
            probabilities=one.probabilities,
            latency_seconds=0.001,
            text=None,
        )
        for text, one in zip(texts, classifier.predict_many(texts), strict=True)
    ]
    with closing(Database(url_in(folder))) as database:
        predictions.write(database, rows)


def url_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'opinionlens.db'}"


def reports_in(folder: Path) -> int:
    with closing(Database(url_in(folder))) as database:
        return drift_reports.newest(database).total


def test_two_workers_check_once_and_end_at_sigterm(start_worker, tmp_path, drift_reference):
    migrate(url_in(tmp_path))
    write_model(tmp_path / "model", None, drift_reference)
    serve_predictions(tmp_path, 400)
    workers = [start_worker(), start_worker()]
    for worker in workers:
        worker.wait_for("/health")
    wait_until(lambda: any("worker.job_done" in one.events() for one in workers), 200)
    wait_until(lambda: reports_in(tmp_path) == 1)
    with closing(Database(url_in(tmp_path))) as database:
        (report,) = drift_reports.newest(database).rows
        assert (report.body["texts"], report.window_end - report.window_start) == (400, timedelta(hours=24))
        assert job_states.find(database, "drift_check").succeeded_at is not None
    assert [worker.end() for worker in workers] == [0, 0]
    assert sum(worker.events().count("worker.job_started") for worker in workers) == 1
    assert all(worker.events()[-1] == "worker.stopped" for worker in workers)


def test_a_check_that_sigterm_cuts_off_is_given_back(start_worker, tmp_path):
    migrate(url_in(tmp_path))
    worker = start_worker()
    wait_until(lambda: "worker.job_started" in worker.events(), 90)
    assert worker.end() == 0
    assert worker.events()[-2:] == ["worker.job_given_back", "worker.stopped"]
    with closing(Database(url_in(tmp_path))) as database:
        assert job_states.find(database, "drift_check") == job_states.JobState("drift_check")


def test_database_away_is_said_and_the_health_check_goes_on(start_worker, tmp_path):
    worker = start_worker(DATABASE__URL="postgresql://nobody@127.0.0.1:9/nothing")
    worker.wait_for("/health")
    wait_until(lambda: "worker.database_away" in worker.events(), 90)
    assert worker.is_running
    assert worker.end() == 0


def test_once_tells_a_failure_by_its_status(start_worker, tmp_path):
    worker = start_worker("--once")
    wait_until(lambda: not worker.is_running, 90)
    assert worker.end() == 1
    with closing(Database(url_in(tmp_path))) as database:
        state = job_states.find(database, "drift_check")
    assert state.failures == 1
    assert "manifest.json" in str(state.problem)
