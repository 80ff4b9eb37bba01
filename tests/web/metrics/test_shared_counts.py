"""The folder in which workers count together: nothing is lost or counted twice when one ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from opinionlens.web.metrics.shared_counts import FOLDER_VARIABLE, counting_together, retire

# Counts in the way of a worker: in a process of its own, which ends without a word.
WORKER = """
import json, os, sys
from opinionlens.web.metrics import Metrics
from opinionlens.serving.store import ServedModel
from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
metrics = Metrics()
metrics.observe_request("/a", "GET", 200, 0.3, response_bytes=4)
metrics.count_lost_predictions(2)
metrics.set_batch_queue_depth(5)
metrics.set_registry_up(True)
metrics.set_active_model(ServedModel(LexiconClassifier(), "brands", 7))
sys.stdout.write(str(os.getpid()))
sys.stdout.flush()
os._exit(0)
"""


def run_worker() -> int:
    command = [sys.executable, "-c", WORKER]
    return int(subprocess.run(command, capture_output=True, check=True, text=True, timeout=120).stdout)


def shown(folder: Path) -> set[str]:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return set(generate_latest(registry).decode().splitlines())


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str], set[str]]:
    """The folder after two workers have ended, with what was shown before and after they were put away."""
    with counting_together() as made:
        first, second = run_worker(), run_worker()
        before = shown(made)
        retire(made, first)
        retire(made, second)
        retire(made, second)  # again does nothing
        folder = tmp_path_factory.mktemp("kept")
        for path in made.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
    return folder, before, shown(folder)


def test_counts_are_the_same_before_and_after(ended: tuple[Path, set[str], set[str]]) -> None:
    _, before, after = ended
    counted = {line for line in before if line.startswith(("http_", "prediction_rows"))}
    assert 'http_requests_total{handler="/a",method="GET",status="2xx"} 2.0' in counted
    assert 'http_request_duration_seconds_bucket{handler="/a",le="0.5",method="GET"} 2.0' in counted
    assert "prediction_rows_lost_total 4.0" in counted
    assert {line for line in after if line.startswith(("http_", "prediction_rows"))} == counted


def test_what_was_true_only_while_they_lived_is_gone(ended: tuple[Path, set[str], set[str]]) -> None:
    _, before, after = ended
    live = ("batch_queue_depth", "registry_up", "model_active_info")
    assert {line.split("{")[0].split(" ")[0] for line in before if line.startswith(live)} == set(live)
    assert not [line for line in after if line.startswith(live)]


def test_one_file_of_each_kind_is_left(ended: tuple[Path, set[str], set[str]]) -> None:
    assert sorted(path.name for path in ended[0].glob("*.db")) == [
        "counter_0.db",
        "histogram_0.db",
        "summary_0.db",
    ]


def test_the_folder_is_fresh_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    with counting_together() as folder:
        assert os.environ[FOLDER_VARIABLE] == str(folder)
        assert not list(folder.glob("*.db"))
    assert not folder.exists()
    assert FOLDER_VARIABLE not in os.environ


def test_folders_of_the_living_are_left_alone() -> None:
    with counting_together() as first, counting_together() as second:
        assert first != second
        assert first.is_dir()


def test_one_worker_counts_in_memory() -> None:
    code = (
        "import json, sys\n"
        "from opinionlens.web.metrics import Metrics\n"
        "from prometheus_client import values\n"
        "json.dump([Metrics()._folder is None, values.ValueClass.__name__], sys.stdout)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != FOLDER_VARIABLE}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=120)
    assert json.loads(done.stdout) == [True, "MutexValue"]
