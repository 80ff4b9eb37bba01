"""The stack of the tests: built, brought up, and taken down again."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.stack.asking import Door
from tests.stack.compose import Compose, is_ready
from tests.stack.metrics import Prometheus
from tests.stack.notifications import Notifications
from tests.stack.project import Project
from tests.stack.tables import Tables

_BUILD_SECONDS = 900
_UP_SECONDS = 480
_OWN = ("opinionlens", "mlflow", "worker")


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

    @property
    def notifications(self) -> Notifications:
        return Notifications(Door(self.project.receiver_port))

    def is_inhibited(self, alert: str, *, by: str) -> bool:
        """Tell whether an alert fires and Alertmanager holds it back because of another one."""
        alertmanager = Door(self.project.ports["ALERTMANAGER_PORT"])
        alerts = alertmanager.ask("GET", "/api/v2/alerts").body
        causes = {one["fingerprint"] for one in alerts if one["labels"]["alertname"] == by}
        held = [set(one["status"]["inhibitedBy"]) for one in alerts if one["labels"]["alertname"] == alert]
        return any(causes & inhibitors for inhibitors in held)

    def change_setting(self, name: str, value: str) -> None:
        """Change a setting of the app in .env.stage; the next start of its container takes it."""
        path = self.project.folder / ".env.stage"
        lines = [line for line in path.read_text().splitlines() if not line.startswith(f"{name}=")]
        path.write_text("\n".join([*lines, f"{name}={value}", ""]))

    def through_traefik(self, name: str) -> Door:
        return Door(self.project.ports["HTTP_PORT"], f"{name}.localhost")

    def prepare(self, *, index: dict[str, str], **build: str) -> None:
        """Write the project; with index settings, builds get them and the machine's network."""
        self.project.write(**build)
        services = self.compose.config("*")["services"]
        builds = [name for name, service in services.items() if "build" in service]
        self.project.write_override(builds, index)
        self.compose.files = (*self.compose.files, "override.json")

    def build(self, tables: Tables) -> None:
        """Build the images of our own."""
        began = time.monotonic()
        self.compose.run("build", "--quiet", *_OWN, seconds=_BUILD_SECONDS)
        services = self.compose.config()["services"]
        images = [str(services[name]["image"]) for name in _OWN]
        sizes = self.compose.docker.run("image", "inspect", "--format", "{{.Size}}", *images).split()
        told = ", ".join(f"{name} {int(size) / 1e6:.0f} MB" for name, size in zip(_OWN, sizes, strict=True))
        tables.add("bring-up", f"our own images: {told}", f"{time.monotonic() - began:.1f}")

    def build_airflow(self) -> None:
        """Build the image of the profile, which nothing else needs."""
        self.compose.run("build", "--quiet", "airflow", seconds=_BUILD_SECONDS)

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
                    if is_ready(service, state):
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
                self.keep_log_of(service, folder)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            (folder / "none.log").write_text(str(error))

    def keep_log_of(self, service: str, folder: Path) -> None:
        """Keep the end of the log of a service that is removed before the others."""
        folder.mkdir(parents=True, exist_ok=True)
        text = self.compose.run("logs", "--no-color", "--tail", "400", service, check=False)
        (folder / f"{service}.log").write_text(text)

    def remove(self) -> None:
        """Remove containers, networks and volumes."""
        self.compose.run(
            "--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "1", seconds=180
        )
