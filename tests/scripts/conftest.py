"""A tiny project with the real Makefile and the real scripts, and a package index made of a folder."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "opl-app"
version = "1"
requires-python = ">=3.11,<3.14"
dependencies = ["opl-demo>=1"]

[project.optional-dependencies]
pipeline = []
dev = []
docs = []
load = []

[tool.uv]
managed = false
"""
# Makes the wheel that points to the folder, without a package that the index would have to serve.
BACKEND = """
import pathlib
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "opl_app-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("opl_app.pth", str(pathlib.Path.cwd()))
        metadata = "Metadata-Version: 2.1\\nName: opl-app\\nVersion: 1\\nRequires-Dist: opl-demo>=1\\n"
        wheel.writestr("opl_app-1.dist-info/METADATA", metadata)
        tag = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr("opl_app-1.dist-info/WHEEL", tag)
        wheel.writestr("opl_app-1.dist-info/RECORD", "")
    return name
"""


WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_wheel(folder: Path, name: str, version: str, content: str = "") -> str:
    """Write a wheel with one module that knows its version; returns its SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in {
            # Each version has a size of its own: one installed in the same second would pass for the other.
            f"{name}.py": f"VERSION = {version!r}\n{'#' * int(float(version))}\n{content}",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": WHEEL,
            f"{info}/RECORD": "",
        }.items():
            wheel.writestr(zipfile.ZipInfo(file), text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass
class Project:
    """The project and its index, which tests change as time changes a registry."""

    folder: Path
    index: Path
    reachable: bool = True

    def publish(self, version: str, content: str = "") -> str:
        """Add a version of opl-demo to the index; returns the hash of its wheel."""
        folder = self.index / "opl-demo"
        digest = write_wheel(folder, "opl_demo", version, content)
        wheels = sorted(path.name for path in folder.glob("*.whl"))
        (folder / "index.html").write_text("".join(f'<a href="{name}">{name}</a>\n' for name in wheels))
        return digest

    def depend(self, requirement: str) -> None:
        """Change what pyproject.toml asks for."""
        (self.folder / "pyproject.toml").write_text(PYPROJECT.replace("opl-demo>=1", requirement))

    def run(self, *command: str) -> subprocess.CompletedProcess:
        """Run a command with nothing of this machine's uv in sight: no cache, no settings, no other index."""
        index = f"file://{self.index}" if self.reachable else "http://127.0.0.1:9/simple"
        env = {
            "PATH": f"{UV.parent}:{os.environ['PATH']}",
            "HOME": str(self.index),
            "UV_CACHE_DIR": str(self.index / "cache"),
            "UV_DEFAULT_INDEX": index,
            "UV_HTTP_RETRIES": "0",
            "UV_PYTHON_DOWNLOADS": "never",
        }
        return subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=300, check=False
        )

    def make(self, target: str) -> subprocess.CompletedProcess:
        """Run one target of the Makefile."""
        return self.run("make", "--no-print-directory", target, f"UV={UV}")

    def installed(self) -> str:
        """The version of opl-demo in .venv."""
        code = "import opl_demo; print(opl_demo.VERSION)"
        return self.run(".venv/bin/python", "-c", code).stdout.strip()

    @property
    def lock(self) -> str:
        """The text of requirements.lock."""
        return (self.folder / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path):
    """A project whose locks pin opl-demo 1.0; the index has had 2.0 since."""
    made = Project(tmp_path / "project", tmp_path / "index")
    made.folder.mkdir()
    (made.folder / "scripts").mkdir()
    shutil.copy(ROOT / "Makefile", made.folder)
    shutil.copy(ROOT / "scripts" / "locks.py", made.folder / "scripts")
    (made.folder / "backend.py").write_text(BACKEND)
    made.depend("opl-demo>=1")
    digest = made.publish("1.0")
    for name in ("requirements.lock", "requirements.runtime.lock"):
        (made.folder / name).write_text(f"opl-demo==1.0 \\\n    --hash=sha256:{digest}\n")
    made.publish("2.0")
    return made
