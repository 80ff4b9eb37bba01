"""Programs of the project, started as a user starts them and stopped with all that they have started."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.support.ports import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
_ENDED_SECONDS = 30
_OF_MLFLOW = ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
_GROUPS = ("API__", "MLFLOW__", "DATABASE__", "SECURITY__", "PRIVACY__", "WORKER__", "DRIFT")


def clean_environment(**settings: str) -> dict[str, str]:
    """Return the environment without settings of ours, but for those given; pages are the project's.

    Programs keep what they compile, so that only the first has to.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_GROUPS)}
    kept = {name: value for name, value in kept.items() if name not in _OF_MLFLOW}
    for name in ("ENV", "PYTHONDONTWRITEBYTECODE"):
        kept.pop(name, None)
    pages = {"API__STATIC_PATH": str(ROOT / "static"), "API__TEMPLATES_PATH": str(ROOT / "templates")}
    return kept | pages | settings


class Program:
    """A program that can be killed with all its children, and started again as it was."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str],
        out: Path,
        err: Path | None = None,
    ) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self._command, self._environment = list(command), dict(environment)
        self._out, self._err = out, err or out

    def start(self) -> None:
        """Start it in a process group of its own."""
        with self._out.open("ab") as out, self._err.open("ab") as err:
            self.process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process that was started."""
        assert self.process is not None
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        """What it wrote to standard error."""
        return self._err.read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def kill(self) -> None:
        """End it and all of its group at once."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(_ENDED_SECONDS)


class HttpProgram(Program):
    """A program that answers on a port of 127.0.0.1."""

    port: int

    def wait_for(self, path: str, seconds: float = 90) -> None:
        """Return once `path` answers 200; fail when the program has ended before."""

        def answers() -> bool:
            assert self.is_running, self.log[-4_000:]
            return status_of(self.port, path) == 200

        wait_until(answers, seconds, f"{path} answers 200")


class MlflowServer(HttpProgram):
    """A real MLflow server that keeps its files itself, so that a fetch goes through it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        command = [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--workers", "1"),
            *("--artifacts-destination", str(folder / "files")),
        ]
        environment = clean_environment(
            MLFLOW_DISABLE_TELEMETRY="true",
            MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
        )
        super().__init__(command, folder, environment=environment, out=folder / "server.log")

    def start(self) -> None:
        """Start it and return once it answers."""
        super().start()
        self.wait_for("/health", 240)

    def ensure(self) -> None:
        """Start it again if a test has killed it."""
        if not self.is_running:
            self.start()


def status_of(port: int, path: str, *, seconds: float = 5) -> int | None:
    """Return the status of one answer, None where nothing answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
