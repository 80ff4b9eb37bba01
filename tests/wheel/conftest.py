"""The wheel, built once, and an environment that holds it with the pins of servers and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parents[2]
_SECONDS = 300  # building and installing, where the cache is cold


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.command("python")

    def command(self, name: str) -> Path:
        is_windows = os.name == "nt"
        return self.folder / ("Scripts" if is_windows else "bin") / (f"{name}.exe" if is_windows else name)

    def run(self, *command: object, folder: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one of its commands in a folder."""
        return subprocess.run(
            [self.command(str(command[0])), *map(str, command[1:])],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=check,
            timeout=120,
            cwd=folder,
            env=environment_variables(),
        )

    def start(self, *command: object, folder: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start one of its commands in a folder; the caller stops it."""
        return subprocess.Popen(
            [self.command(str(command[0])), *map(str, command[1:])],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment_variables(),
        )

    def python_code(self, code: str, *arguments: object, folder: Path) -> str:
        """Run code in its Python and return what it prints."""
        return self.run("python", "-I", "-c", code, *arguments, folder=folder).stdout


def environment_variables() -> dict[str, str]:
    """Return the environment without settings, and without what could lead back to the checkout."""
    groups = ("API__", "DATABASE__", "MLFLOW__", "PRIVACY__", "SECURITY__", "WORKER__", "DRIFT")
    left_out = {"PYTHONPATH", "VIRTUAL_ENV", "ENV"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(groups)}
    return {name: value for name, value in kept.items() if name not in left_out} | {"PYTHONUTF8": "1"}


def uv(*arguments: object) -> None:
    """Run the uv of this environment."""
    program = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    assert program, "uv is one of the packages for development"
    done = subprocess.run(
        [program, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from this checkout with the backend that is installed."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory) -> Installed:
    """An environment with the wheel and what requirements.runtime.lock pins: no extra, no checkout."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv("venv", "--quiet", "--python", sys.executable, folder)
    one = Installed(folder)
    pins = ROOT / "requirements.runtime.lock"
    uv("pip", "install", "--quiet", "--python", one.python, "--require-hashes", "-r", pins)
    uv("pip", "install", "--quiet", "--python", one.python, "--no-deps", wheel)
    uv("pip", "check", "--python", one.python)
    return one
