"""What the worker shows at /metrics and /health."""

from __future__ import annotations

import http.client
import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from opinionlens.base.errors import SettingsInvalid
from opinionlens.jobs import worker_metrics
from opinionlens.jobs.job_schedule import Job
from opinionlens.jobs.worker_endpoint import answering
from opinionlens.jobs.worker_metrics import FIGURES, WorkerMetrics
from opinionlens.storage.job_states import JobState
from opinionlens.storage.shadow_answers import ShadowTotals, ShadowVersion

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
JOB = Job("drift_check", timedelta(hours=1), ("drift", "check"))
DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.fixture
def metrics() -> WorkerMetrics:
    return WorkerMetrics([JOB])


@pytest.fixture
def port(metrics):
    with answering("127.0.0.1", 0, metrics) as port:
        yield port


def samples(port: int) -> dict[str, dict[tuple[str, ...], float]]:
    status, text = ask(port, "/metrics")
    assert status == 200
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.values()))] = sample.value
    return found


def test_before_the_first_look_only_the_schedule_is_known(port):
    assert samples(port) == {"worker_job_interval_seconds": {("drift_check",): 3600}}


def test_runs_and_states_are_shown(metrics, port):
    metrics.saw(JOB, JobState("drift_check", succeeded_at=NOON, failures=2, problem="no model"))
    metrics.ran(JOB, "failed", 2.5)
    metrics.ran(JOB, "failed", 1.5)
    metrics.ran(JOB, "done", 0.5)
    assert samples(port) == {
        "worker_job_interval_seconds": {("drift_check",): 3600},
        "worker_job_last_success_time_seconds": {("drift_check",): NOON.timestamp()},
        "worker_job_failures": {("drift_check",): 2},
        "worker_job_runs_total": {("drift_check", "failed"): 2, ("done", "drift_check"): 1},
        "worker_job_duration_seconds": {("drift_check",): 0.5},
    }


def test_answers_of_challengers_are_shown(metrics, port):
    metrics.saw_shadow([ShadowTotals(ShadowVersion("opinionlens", 8), 120, 7, NOON, NOON)])
    found = samples(port)
    assert found["worker_shadow_answers"] == {("8", "opinionlens"): 120}
    assert found["worker_shadow_differing"] == {("8", "opinionlens"): 7}


def test_docs_have_the_same_table():
    rows = [line for line in DOCS.read_text().splitlines() if re.match(r"\| `worker_(job|shadow)_", line)]
    assert rows == [
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} | {one.meaning} |"
        for one in FIGURES
    ]


def test_health_is_the_loops_signs_of_life(metrics, port, monkeypatch):
    assert ask(port, "/health") == (200, "ok\n")
    now = worker_metrics.time.monotonic()
    monkeypatch.setattr(worker_metrics.time, "monotonic", lambda: now + 121)
    assert ask(port, "/health") == (503, "stuck: drift_check\n")
    metrics.alive(JOB)
    assert ask(port, "/health")[0] == 200


def test_other_addresses_are_not_found(port):
    assert ask(port, "/other")[0] == 404


def test_a_port_that_is_taken_is_one_sentence(metrics):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with (
            pytest.raises(SettingsInvalid, match=f"port {number}.*WORKER__PORT"),
            answering("127.0.0.1", number, metrics),
        ):
            pass
