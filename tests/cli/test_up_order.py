"""What `opinionlens up` starts, and in which order."""

import io
import sqlite3
from contextlib import closing, contextmanager

import pytest
from rich.console import Console

from opinionlens.cli import up


class Running:
    """A process that goes on."""

    def poll(self):
        return None


@pytest.fixture
def events(monkeypatch):
    """What was started and waited for, in order; Ctrl-C comes when the app has answered."""
    events: list[str] = []

    @contextmanager
    def child(command, **options):
        events.append("start MLflow" if "mlflow" in command else "start app")
        yield Running()

    def wait(url, process, *, seconds, name, stop):
        events.append(f"wait for {name}")
        if name == "OpinionLens":
            stop.set()

    monkeypatch.setattr(up, "child_process", child)
    monkeypatch.setattr(up, "wait_until_answers", wait)
    monkeypatch.setattr(up, "refuse_taken_port", lambda *taken: None)
    return events


def run(uri):
    console = Console(file=io.StringIO())
    return up.run_side_by_side(port=1, mlflow_port=2, tracking_uri=uri, console=console)


@pytest.mark.parametrize("content", [None, b""])
def test_mlflow_makes_the_tables_of_an_empty_store_before_the_app_starts(events, tmp_path, content):
    path = tmp_path / "mlruns.db"
    if content is not None:
        path.write_bytes(content)
    assert run(f"sqlite:///{path}") == 0
    assert events == ["start MLflow", "wait for MLflow", "start app", "wait for OpinionLens"]


def test_the_app_does_not_wait_for_mlflow_where_there_are_tables(events, tmp_path):
    path = tmp_path / "mlruns.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE experiments (name TEXT)")
    assert run(f"sqlite:///{path}") == 0
    assert events == ["start app", "start MLflow", "wait for OpinionLens", "wait for MLflow"]


def test_beside_a_server_of_runs_only_the_app_starts(events):
    assert run("http://localhost:9") == 0
    assert events == ["start app", "wait for OpinionLens"]
