"""The client of a Docker engine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import IO

# Debian's client builds with BuildKit by itself; another one, first on PATH, may want a plugin for it.
_DEBIAN = Path("/usr/bin/docker")


class DockerClient:
    """Runs `docker` against one engine."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._program = str(_DEBIAN) if _DEBIAN.exists() else shutil.which("docker")

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "1"}

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of `docker ARGUMENTS`."""
        if self._program is None:
            raise RuntimeError("no Docker client here: install Docker (Debian: apt-get install docker.io)")
        return [self._program, *arguments]

    def run(self, *arguments: str, seconds: float = 60, stdin: IO[bytes] | None = None) -> str:
        """Return the output of `docker ARGUMENTS`; raise with both outputs when it fails."""
        done = self._done(*arguments, seconds=seconds, stdin=stdin)
        if done.returncode:
            raise RuntimeError(f"docker {' '.join(arguments[:2])}: {_both(done)}")
        return done.stdout.decode(errors="replace")

    def status(self, *arguments: str, seconds: float = 60) -> tuple[int, str]:
        """Return the status of `docker ARGUMENTS` and both its outputs."""
        done = self._done(*arguments, seconds=seconds, stdin=None)
        return done.returncode, _both(done)

    def _done(
        self, *arguments: str, seconds: float, stdin: IO[bytes] | None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )

    def label_of(self, image: str, label: str) -> str | None:
        """Return a label of an image, or None where there is no such image."""
        try:
            return self.run(
                "image", "inspect", "--format", f'{{{{index .Config.Labels "{label}"}}}}', image
            ).strip()
        except RuntimeError:
            return None


def _both(done: subprocess.CompletedProcess[bytes]) -> str:
    return (done.stdout + done.stderr).decode(errors="replace")
