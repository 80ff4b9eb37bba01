"""`opinionlens serve` as a process of its own, and requests to it."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.ports import free_port
from tests.support.processes import workers_of
from tests.support.programs import HttpProgram, clean_environment


@dataclass(frozen=True)
class Reply:
    """One answer of the app; `body` is what the JSON holds, else bytes."""

    status: int
    body: Any
    headers: Mapping[str, str]


class AppServer(HttpProgram):
    """The app in a folder of its own, on a free port; the registry is away unless the settings name one."""

    def __init__(self, folder: Path, *options: str, admin_key: str | None = None, **settings: str) -> None:
        self.port = free_port()
        self._headers = {"Content-Type": "application/json"}
        own = {
            "TMPDIR": str(folder),  # the workers' counts are below it
            "API__LOGGING_FORMAT": "json",
            "MLFLOW__REMOTE_TRACKING_URI": "http://127.0.0.1:9",
        }
        if admin_key is not None:
            self._headers["Authorization"] = f"Bearer {admin_key}"
            own["SECURITY__ADMIN_KEY"] = admin_key
        command = [sys.executable, "-m", "opinionlens.cli.main", "serve", "--port", str(self.port), *options]
        super().__init__(
            command,
            folder,
            environment=clean_environment(**own | settings),
            out=folder / "stdout.log",
            err=folder / "stderr.log",
        )

    @property
    def terminal(self) -> str:
        """What it wrote to standard output."""
        return self._out.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of the log with that event."""
        lines = (json.loads(line) for line in self.log.splitlines() if line.startswith("{"))
        return [line for line in lines if line["event"] == name]

    def ask(self, method: str, path: str, content: object = None, *, seconds: float = 60) -> Reply:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body, self._headers)
            response = connection.getresponse()
            answer = response.read()
            headers = {name.lower(): value for name, value in response.headers.items()}
            is_json = "json" in headers.get("content-type", "")
            return Reply(response.status, json.loads(answer) if is_json and answer else answer, headers)
        finally:
            connection.close()

    def metric(self, line: str) -> float:
        """Return the value of one series, 0 where it is not shown."""
        lines = self.ask("GET", "/metrics").body.decode().splitlines()
        return next((float(found.rsplit(" ", 1)[1]) for found in lines if found.startswith(f"{line} ")), 0.0)

    def workers(self) -> set[int]:
        """Return the processes that answer, where there are several."""
        return workers_of(self.pid)
