"""`opinionlens up`: the app and the MLflow page side by side on this machine, until Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console

from opinionlens.cli.processes import child_process, refuse_taken_port, wait_until_answers

_HOST = "127.0.0.1"


def run_side_by_side(*, port: int, mlflow_port: int, tracking_uri: str, console: Console) -> int:
    """Start both, say where they are, and stay until a signal comes or the app ends.

    Returns:
        The exit status: 0 after Ctrl-C or SIGTERM, 1 when the app ended by itself.
    """
    refuse_taken_port(_HOST, port, "--port")
    refuse_taken_port(_HOST, mlflow_port, "--mlflow-port")
    stop = threading.Event()
    with ExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, _setter(stop)))
        app = stack.enter_context(child_process(_app_command(port)))
        mlflow = stack.enter_context(
            child_process(
                _mlflow_command(mlflow_port, tracking_uri),
                log=Path("logs/mlflow.log"),
                # Nothing here uses its jobs; their eight processes cost 2 GB, and their end ten seconds.
                environment={
                    "MLFLOW_DISABLE_TELEMETRY": "true",
                    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                },
            )
        )
        parts = [
            _Part("OpinionLens", app, f"http://localhost:{port}", seconds=60),
            _Part("MLflow", mlflow, f"http://localhost:{mlflow_port}", seconds=120),
        ]
        for part in parts:
            address = part.address.replace("localhost", _HOST)
            wait_until_answers(
                f"{address}/health", part.process, seconds=part.seconds, name=part.name, stop=stop
            )
            if not stop.is_set():
                console.print(f"{part.name:12} [bold]{part.address}[/]", highlight=False)
        console.print("Ctrl-C stops both.", style="dim")
        return _watch(stop, parts[0], parts[1], console)


@dataclass(frozen=True)
class _Part:
    name: str
    process: subprocess.Popen[bytes]
    address: str
    seconds: float


def _watch(stop: threading.Event, app: _Part, mlflow: _Part, console: Console) -> int:
    said = False
    while not stop.wait(0.3):
        if app.process.poll() is not None:
            console.print(f"[red]{_end_of(app)}[/]")
            return 1
        if mlflow.process.poll() is not None and not said:
            said = True  # the app answers without it
            console.print(f"[yellow]{_end_of(mlflow)}; see logs/mlflow.log. {app.name} goes on.[/]")
    return 0


def _end_of(part: _Part) -> str:
    return f"{part.name} ended with status {part.process.returncode}"


def _setter(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()

    return handle


def _app_command(port: int) -> list[str]:
    return [sys.executable, "-m", "opinionlens.cli.main", "serve", "--host", _HOST, "--port", str(port)]


def _mlflow_command(port: int, tracking_uri: str) -> list[str]:
    return [
        *(sys.executable, "-m", "mlflow", "server", "--host", _HOST, "--port", str(port)),
        *("--backend-store-uri", tracking_uri, "--default-artifact-root", str(Path("mlruns").resolve())),
        *("--workers", "1"),
    ]
