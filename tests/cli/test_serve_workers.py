"""`opinionlens serve --workers 2`: one service, whichever process answers, and whichever dies."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from opinionlens.web.metrics.shared_counts import counting_together

ASKED = 'http_requests_total{handler="/api/v1/inference/predict",method="POST",status="2xx"}'


def ask(server, times: int) -> None:
    for _ in range(times):
        assert server.post("/api/v1/inference/predict", {"text": "I love it"})["prediction"] == "POSITIVE"


def metrics_folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("opinionlens-metrics-*"))


def owners(files: Iterable[Path]) -> set[int]:
    return {int(path.stem.rsplit("_", 1)[1]) for path in files}


def active_gauges(folder: Path) -> set[int]:
    return owners(folder.glob("gauge_live*.db"))


def test_counts_are_those_of_all_workers_and_survive_their_death(
    start_server: Callable, eventually: Callable
) -> None:
    before = metrics_folders()
    server = start_server("--workers", "2")
    eventually(lambda: len(server.workers()) == 2)
    (folder,) = metrics_folders() - before
    eventually(lambda: len(active_gauges(folder)) == 2)

    ask(server, 40)
    eventually(lambda: server.metric(ASKED) == 40)  # the last is counted when its answer is out
    assert {server.metric(ASKED) for _ in range(12)} == {40.0}
    assert server.metric("sentiment_requests_total") == 40
    assert server.metric('sentiment_predictions_total{label="positive"}') == 40

    victim, other = sorted(server.workers())
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: victim not in active_gauges(folder))  # noticed by the parent
    assert server.metric(ASKED) == 40
    ask(server, 10)
    eventually(lambda: server.metric(ASKED) == 50)

    eventually(lambda: len(active_gauges(folder)) == 2)
    assert other in server.workers()
    ask(server, 10)
    eventually(lambda: server.metric(ASKED) == 60)
    assert {server.metric(ASKED) for _ in range(12)} == {60.0}
    assert list(folder.glob(f"*_{victim}.db")) == []

    os.kill(other, signal.SIGKILL)
    eventually(lambda: other not in active_gauges(folder))
    assert server.metric(ASKED) == 60
    # The folder does not grow with every worker that dies: 0 stands for all of them.
    eventually(lambda: owners(folder.glob("*.db")) == {0} | server.workers())
    assert server.events("worker.died")[0]["status"] == -signal.SIGKILL

    assert server.end() == 0
    assert not folder.exists()


def test_workers_end_with_a_parent_that_is_killed(
    start_server: Callable, eventually: Callable, group_of: Callable
) -> None:
    before = metrics_folders()
    server = start_server("--workers", "2")
    eventually(lambda: len(server.workers()) == 2)
    server.process.kill()
    server.process.wait()
    eventually(lambda: group_of(server.process.pid) == set())
    assert not server.answers()

    (left,) = metrics_folders() - before
    with counting_together():  # as the next start does
        assert not left.exists()
