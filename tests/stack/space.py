"""The image of the Hugging Face Space, built as its owner and the hub do it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.stack.docker_client import DockerClient
from tests.stack.engine import images_are_pulled
from tests.stack.places import ROOT
from tests.stack.project import index_settings

IMAGE = "stack-tests-space"


def built_space(docker: DockerClient, base: Callable[[], object], folder: Path) -> str:
    """Fill the folder that is uploaded with the model in `classifier`, and build its image."""
    wheel = _built_wheel(folder / "dist")
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "space.py", folder / "classifier", wheel, folder / "space"],
        check=True,
        timeout=120,
    )
    base()
    options = []
    if not images_are_pulled():
        (folder / "pip.conf").write_text(index_settings()["pip_conf"])
        options = ["--network", "host", "--secret", f"id=pip_conf,src={folder / 'pip.conf'}"]
    docker.run("build", *options, "--tag", IMAGE, str(folder / "space"), seconds=900)
    return IMAGE


def _built_wheel(folder: Path) -> Path:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [uv, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable,
         "--out-dir", folder, ROOT],
        check=True, timeout=300,
    )  # fmt: skip
    return next(folder.glob("opinionlens-*.whl"))
