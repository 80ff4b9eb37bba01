"""`opinionlens serve --workers 2`: one service, whichever process answers, and whichever dies."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from tests.support.processes import group_of
from tests.support.programs import status_of
from tests.support.waiting import wait_until

from opinionlens.web.metrics.shared_counts import counting_together

ASKED = 'http_requests_total{handler="/api/v1/inference/predict",method="POST",status="2xx"}'


def ask(server, times: int) -> None:
    for _ in range(times):
        reply = server.ask("POST", "/api/v1/inference/predict", {"text": "I love it"})
        assert reply.body["prediction"] == "POSITIVE"


def metrics_folders(temporary: Path) -> list[Path]:
    return list(temporary.glob("opinionlens-metrics-*"))


def owners(files: Iterable[Path]) -> set[int]:
    return {int(path.stem.rsplit("_", 1)[1]) for path in files}


def active_gauges(folder: Path) -> set[int]:
    return owners(folder.glob("gauge_live*.db"))


def test_counts_are_those_of_all_workers_and_survive_their_death(
    start_server: Callable, tmp_path: Path
) -> None:
    server = start_server("--workers", "2")
    wait_until(lambda: len(server.workers()) == 2)
    (folder,) = metrics_folders(tmp_path)
    wait_until(lambda: len(active_gauges(folder)) == 2)

    ask(server, 40)
    wait_until(lambda: server.metric(ASKED) == 40)  # the last is counted when its answer is out
    assert {server.metric(ASKED) for _ in range(12)} == {40.0}
    assert server.metric("sentiment_requests_total") == 40
    assert server.metric('sentiment_predictions_total{label="positive"}') == 40

    victim, other = sorted(server.workers())
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in active_gauges(folder))  # noticed by the parent
    assert server.metric(ASKED) == 40
    ask(server, 10)
    wait_until(lambda: server.metric(ASKED) == 50)

    wait_until(lambda: len(active_gauges(folder)) == 2)
    assert other in server.workers()
    ask(server, 10)
    wait_until(lambda: server.metric(ASKED) == 60)
    assert {server.metric(ASKED) for _ in range(12)} == {60.0}
    assert list(folder.glob(f"*_{victim}.db")) == []

    os.kill(other, signal.SIGKILL)
    wait_until(lambda: other not in active_gauges(folder))
    assert server.metric(ASKED) == 60
    # The folder does not grow with every worker that dies: 0 stands for all of them.
    wait_until(lambda: owners(folder.glob("*.db")) == {0} | server.workers())
    assert server.events("worker.died")[0]["status"] == -signal.SIGKILL

    assert server.end() == 0
    assert not folder.exists()


def test_workers_end_with_a_parent_that_is_killed(
    start_server: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server("--workers", "2")
    wait_until(lambda: len(server.workers()) == 2)
    server.process.kill()
    server.process.wait()
    wait_until(lambda: group_of(server.pid) == set())
    assert status_of(server.port, "/health") is None

    (left,) = metrics_folders(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with counting_together():  # as the next start does
        assert not left.exists()
