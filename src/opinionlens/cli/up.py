"""`opinionlens up`: the app and the MLflow page, until Ctrl-C."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from opinionlens.base.stop_signals import stopped_by_signals
from opinionlens.base.urls import shown, sqlite_file, web_origin
from opinionlens.cli.processes import child_process, refuse_taken_port, wait_until_answers

_HOST = "127.0.0.1"
# Nothing here uses its jobs; their eight processes cost 2 GB, and their end ten seconds.
_MLFLOW_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


def run_side_by_side(*, port: int, mlflow_port: int, tracking_uri: str, console: Console) -> int:
    """Run both until a signal comes or the app ends.

    Prints their addresses.

    Returns:
        The exit status: 0 after Ctrl-C or SIGTERM, 1 when the app ended by itself.
    """
    refuse_taken_port(_HOST, port, "--port")
    refuse_taken_port(_HOST, mlflow_port, "--mlflow-port")
    with ExitStack() as stack:
        stop = stack.enter_context(stopped_by_signals())
        app = _Part("OpinionLens", _app_command(port), f"http://localhost:{port}", seconds=60)
        if web_origin(tracking_uri) is not None:  # runs are recorded by a server that runs already
            return _run_app_alone(app, tracking_uri, stop, console)
        mlflow = _Part(
            "MLflow",
            _mlflow_command(mlflow_port, tracking_uri),
            f"http://localhost:{mlflow_port}",
            seconds=120,
            log=Path("logs/mlflow.log"),
            environment=_MLFLOW_ENVIRONMENT,
        )
        # Both would make the tables of an empty store at once, and one of them would fail.
        turns = [[mlflow], [app]] if lacks_tables(tracking_uri) else [[app, mlflow]]
        processes = {}
        for together in turns:
            for part in together:
                processes[part.name] = stack.enter_context(part.started())
            for part in together:
                _wait_for(part, processes[part.name], stop, console)
        console.print("Ctrl-C stops both.", style="dim")
        return _watch(stop, processes, console)


def _run_app_alone(app: _Part, tracking_uri: str, stop: threading.Event, console: Console) -> int:
    with app.started() as process:
        _wait_for(app, process, stop, console)
        console.print(
            f"{'MLflow':12} [bold]{shown(tracking_uri)}[/], which is not started here", highlight=False
        )
        console.print("Ctrl-C stops OpinionLens.", style="dim")
        return _watch(stop, {app.name: process}, console)


def lacks_tables(uri: str) -> bool:
    """Tell whether a SQLite store has no tables of MLflow.

    False for a store that is no SQLite file.
    """
    path = sqlite_file(uri)
    if path is None:
        return False
    if not path.exists():
        return True
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'experiments'"
    try:
        with closing(sqlite3.connect(path, timeout=5)) as connection:
            return bool(connection.execute(query).fetchone()[0] == 0)
    except sqlite3.Error:  # MLflow says what is wrong with the file
        return False


@dataclass(frozen=True)
class _Part:
    name: str
    command: Sequence[str]
    address: str
    seconds: float
    log: Path | None = None
    environment: Mapping[str, str] | None = None

    def started(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return child_process(self.command, log=self.log, environment=self.environment)


def _wait_for(part: _Part, process: subprocess.Popen[bytes], stop: threading.Event, console: Console) -> None:
    url = f"{part.address.replace('localhost', _HOST)}/health"
    wait_until_answers(url, process, seconds=part.seconds, name=part.name, stop=stop)
    if not stop.is_set():
        console.print(f"{part.name:12} [bold]{part.address}[/]", highlight=False)


def _watch(stop: threading.Event, processes: Mapping[str, subprocess.Popen[bytes]], console: Console) -> int:
    said = False
    while not stop.wait(0.3):
        for name, process in processes.items():
            if process.poll() is None:
                continue
            end = f"{name} ended with status {process.returncode}"
            if name != "MLflow":
                console.print(f"[red]{end}[/]")
                return 1
            if not said:
                said = True  # the app answers without it
                console.print(f"[yellow]{end}; see logs/mlflow.log. OpinionLens goes on.[/]")
    return 0


def _app_command(port: int) -> list[str]:
    return [sys.executable, "-m", "opinionlens.cli.main", "serve", "--host", _HOST, "--port", str(port)]


def _mlflow_command(port: int, tracking_uri: str) -> list[str]:
    return [
        *(sys.executable, "-m", "mlflow", "server", "--host", _HOST, "--port", str(port)),
        *("--backend-store-uri", tracking_uri, "--default-artifact-root", str(Path("mlruns").resolve())),
        *("--workers", "1"),
    ]
