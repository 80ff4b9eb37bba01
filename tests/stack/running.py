"""The stack of the tests: built, brought up, and taken down again."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.stack.asking import Door
from tests.stack.compose import Compose
from tests.stack.metrics import Prometheus
from tests.stack.project import Project
from tests.stack.tables import Tables

_BUILD_SECONDS = 480
_UP_SECONDS = 240


@dataclass
class Stack:
    """A project and its containers."""

    project: Project
    compose: Compose

    @property
    def app(self) -> Door:
        return self.through_traefik("opinionlens")

    @property
    def prometheus(self) -> Prometheus:
        return Prometheus(Door(self.project.ports["PROMETHEUS_PORT"]))

    def through_traefik(self, name: str) -> Door:
        return Door(self.project.ports["HTTP_PORT"], f"{name}.localhost")

    def prepare(self, *, index: dict[str, str], **build: str) -> None:
        """Write the project; with index settings, builds get them and the machine's network."""
        self.project.write(**build)
        if index:
            services = self.compose.config("*")["services"]
            builds = [name for name, service in services.items() if "build" in service]
            self.project.write_override(builds, index)
            self.compose.files = (*self.compose.files, "override.json")

    def build(self, tables: Tables) -> None:
        """Build the images of our own."""
        for service in ("opinionlens", "mlflow"):
            began = time.monotonic()
            self.compose.run("build", "--quiet", service, seconds=_BUILD_SECONDS)
            image = str(self.compose.config()["services"][service]["image"])
            size = int(self.compose.docker.run("image", "inspect", "--format", "{{.Size}}", image))
            tables.add("bring-up", f"image {service}, {size / 1e6:.0f} MB", f"{time.monotonic() - began:.1f}")

    def bring_up(self, tables: Tables) -> None:
        """Start all services and note when each was healthy."""
        began = time.monotonic()
        log = self.project.folder / "up.log"
        up = self.compose.start("up", "--detach", "--no-build", log=log)
        try:
            ready: dict[str, float] = {}
            while True:
                states = self.compose.states()
                assert "restarting" not in states.values(), f"{states}: a service ends again and again"
                for service, state in states.items():
                    if state in {"healthy", "exited 0"}:
                        ready.setdefault(service, time.monotonic() - began)
                ended = up.poll()
                if ended:
                    raise AssertionError(f"compose up: {log.read_text()[-3000:]}")
                if ended == 0 and set(ready) == set(states):
                    break
                assert time.monotonic() - began < _UP_SECONDS, f"{states} {log.read_text()[-2000:]}"
                time.sleep(0.5)
        finally:
            if up.poll() is None:
                up.kill()
                up.wait()
        for service, seconds in sorted(ready.items(), key=lambda pair: pair[1]):
            word = "done" if self.compose.states()[service] == "exited 0" else "healthy"
            tables.add("bring-up", f"{service} {word}", f"{seconds:.1f}")

    def keep_logs(self, folder: Path) -> None:
        """Keep the end of each service's log, for whoever looks for the cause of a failure."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            for service in self.compose.states():
                text = self.compose.run("logs", "--no-color", "--tail", "400", service, check=False)
                (folder / f"{service}.log").write_text(text)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            (folder / "none.log").write_text(str(error))

    def remove(self) -> None:
        """Remove containers, networks and volumes."""
        self.compose.run(
            "--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "10", seconds=180
        )
