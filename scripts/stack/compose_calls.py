"""Calls of Docker Compose, told of the stack's files."""

import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
# Questions to Compose; images to fetch or build.
ASK_SECONDS, BUILD_SECONDS = 60, 3600


class StackError(Exception):
    """Something that keeps the stack from running, in words for the person who started it."""


class Compose:
    """Compose, told of the stack's files."""

    def __init__(self, environment: Mapping[str, str], *, base: str = "compose.local.yaml") -> None:
        self._environment = {**environment, **build_labels(ROOT)}
        self._program = compose_program(environment)
        layers = [name for name in environment.get("STACK_FILES", "").split(",") if name]
        self._files = [part for name in (base, *layers) for part in ("--file", name)]

    def command(self, *words: str) -> list[str]:
        """Return a command line."""
        return [*self._program, *self._files, *words]

    def ask(self, *words: str) -> str:
        """Return what a command prints.

        Raises:
            StackError: It failed; the message has what it said.
        """
        done = subprocess.run(
            self.command(*words), cwd=ROOT, env=self._environment, capture_output=True, text=True,
            timeout=ASK_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise StackError(
                done.stderr.strip() or f"{shlex.join(words)} ended with status {done.returncode}."
            )
        return done.stdout

    def show(self, *words: str) -> None:
        """Run a command whose output the person sees.

        Raises:
            StackError: It failed.
        """
        done = subprocess.run(
            self.command(*words), cwd=ROOT, env=self._environment, timeout=BUILD_SECONDS, check=False
        )
        if done.returncode:
            raise StackError(
                f"`{shlex.join(['docker', 'compose', *words])}` ended with status {done.returncode}."
            )

    def start(self, output: IO[str], *words: str) -> subprocess.Popen[str]:
        """Begin a command that runs beside this program."""
        return subprocess.Popen(
            self.command(*words),
            cwd=ROOT,
            env=self._environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )


def compose_program(environment: Mapping[str, str]) -> list[str]:
    """Return how Compose is called here.

    Raises:
        StackError: There is none.
    """
    if named := environment.get("COMPOSE"):
        return shlex.split(named)
    for words in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(words[0])
            and subprocess.run([*words, "version"], capture_output=True, check=False).returncode == 0
        ):
            return words
    raise StackError(
        "Docker Compose is missing. Install Docker Engine with its Compose plugin (https://docs.docker.com/engine/install/),"
        " or name another program: make stack COMPOSE=…"
    )


def build_labels(root: Path) -> dict[str, str]:
    """Return the version and the commit that the images are labelled with."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    labels = {"OPINIONLENS_VERSION": project["version"]}
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return labels
    return labels | ({"OPINIONLENS_REVISION": asked.stdout.strip()} if asked.returncode == 0 else {})
