"""A copy of the repository in which the stack of the tests lives, with secrets and ports of its own."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.stack.notifications import DOCS
from tests.stack.places import RECEIVER, ROOT
from tests.stack.shortened import shorten
from tests.support.ports import free_port

PORTS = (
    *("HTTP_PORT", "TRAEFIK_PORT", "MLFLOW_PORT", "GRAFANA_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT"),
    "AIRFLOW_PORT",
)
# What others wait for is asked more often than on a server, and forgiven as much.
WAITED_FOR = {"postgres", "mlflow", "opinionlens", "opinionlens-2", "opinionlens-small", "worker", "airflow"}
_OFTEN = {"interval": "2s", "timeout": "5s", "retries": 15}


def _secret() -> str:
    return secrets.token_hex(20)


@dataclass
class Project:
    """The folder, and what stands in its files of settings."""

    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in PORTS})
    receiver_port: int = field(default_factory=free_port)
    admin_key: str = field(default_factory=_secret)
    admin_password: str = field(default_factory=_secret)
    build: dict[str, str] = field(default_factory=dict)  # what .env.build says

    def write(self, **build: str) -> None:
        """Copy the repository and write its files of settings: every secret that is empty gets a value."""
        copy_repository(self.folder)
        ports = {name: str(port) for name, port in self.ports.items()}
        own = {"RATE_LIMIT_AVERAGE": "0", "ALERT_WEBHOOK_URL": "http://receiver:8080/", "DOCS_URL": DOCS}
        self.build = _filled_in(self.folder / "env.build") | ports | own | build
        stage = _filled_in(self.folder / "env.stage") | {
            "MLFLOW__REMOTE_TRACKING_URI": f"http://127.0.0.1:{self.ports['MLFLOW_PORT']}",
            "MLFLOW__REMOTE_PASSWORD": self.build["MLFLOW_AUTH_ADMIN_PASSWORD"],
            "SECURITY__ADMIN_KEY": self.admin_key,
            "SECURITY__ADMIN_PASSWORD": self.admin_password,
            # The tests say themselves what goes live and when.
            "API__FOLLOW_CHAMPION": "false",
        }
        _write_env(self.folder / ".env.build", self.build)
        _write_env(self.folder / ".env.stage", stage)
        shutil.copy(self.folder / "env", self.folder / ".env")
        shorten(self.folder / "prometheus")

    def write_override(
        self, services_that_build: list[str], index: dict[str, str], *, receiver: bool = True
    ) -> Path:
        """Write what the tests add: the receiver of alerts; this machine's network and index for builds."""
        secret_files = {}
        for name, content in index.items():
            path = self.folder / f".{name}"
            path.write_text(content)
            secret_files[name] = {"file": str(path)}
        build = {"network": "host", "secrets": list(index)}
        # A machine without a name server: asked for a stopped container, the engine would wait for an answer.
        services: dict[str, dict[str, object]] = {"postgres": {}} | {
            name: {"dns": ["127.0.0.1"], **({"build": build} if index else {})}
            for name in services_that_build
        }
        for name in WAITED_FOR & services.keys():
            services[name]["healthcheck"] = _OFTEN
        if receiver:
            services["receiver"] = self._receiver()
        override = {"services": services, "secrets": secret_files}
        path = self.folder / "override.json"
        path.write_text(json.dumps(override))
        return path

    def _receiver(self) -> dict[str, object]:
        return {
            "image": self.build.get("PYTHON_IMAGE", "python:3.11-slim-bookworm"),
            "command": ["python", "/receiver.py"],
            "volumes": [f"{RECEIVER}:/receiver.py:ro"],
            "networks": ["web"],
            "ports": [f"127.0.0.1:{self.receiver_port}:8080"],
            "init": True,
        }


def copy_repository(target: Path) -> None:
    """Copy what git tracks, or would track: never the user's data, settings or models."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


def _filled_in(template: Path) -> dict[str, str]:
    """Return the settings of a template, with a value for each secret that is empty."""
    found = re.findall(r"^([A-Z0-9_]+)=(.*)$", template.read_text(), re.MULTILINE)
    is_secret = re.compile(r"(PASSWORD|PASS|SECRET_KEY|ADMIN_KEY)$")
    return {name: value or (_secret() if is_secret.search(name) else "") for name, value in found}


def _write_env(path: Path, values: dict[str, str]) -> None:
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    path.chmod(0o600)


def index_settings() -> dict[str, str]:
    """Return pip's and uv's settings for builds: this machine's certificates and index addresses.

    Addresses of files are left out: they mean nothing inside a container.
    """
    main = _pip_setting("index-url") or os.environ.get("UV_DEFAULT_INDEX", "")
    extra = [*_pip_setting("extra-index-url").split(), *os.environ.get("UV_INDEX", "").split()]
    extra = [address for address in extra if address.startswith("http")]
    pip = ["[global]", "cert = /etc/ssl/certs/ca-certificates.crt"]
    uv = ["native-tls = true"]
    if main.startswith("http"):
        pip.append(f"index-url = {main}")
        uv.append(f'index-url = "{main}"')
    if extra:
        pip.append(f"extra-index-url = {' '.join(extra)}")
        uv.append(f"extra-index-url = {json.dumps(extra)}")
    return {"pip_conf": "\n".join([*pip, ""]), "uv_toml": "\n".join([*uv, ""])}


def _pip_setting(name: str) -> str:
    if value := os.environ.get(f"PIP_{name.upper().replace('-', '_')}"):
        return value
    pip = shutil.which("pip3") or shutil.which("pip")
    if pip is None:
        return ""
    for section in ("global", "install"):
        done = subprocess.run(
            [pip, "config", "get", f"{section}.{name}"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode == 0:
            return done.stdout.strip()
    return ""
