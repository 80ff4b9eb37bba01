"""Programs with a time limit, on this machine or in a container."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from scripts.backup.errors import BackupError

# For one dump, one archive or one question.
SECONDS = 3_600.0
_LAST_WORDS = 2_000


def _as_it_is(command: Sequence[str]) -> list[str]:
    return list(command)


@dataclass(frozen=True)
class Runner:
    """Runs programs at one place.

    Attributes:
        wrap: makes the command line that runs a program there, for example in a container.
        environment: added to that of this process; here belong passwords, which no command line may show.
        folder: in which it is called.
        seconds: after which a program is ended.
    """

    wrap: Callable[[Sequence[str]], list[str]] = _as_it_is
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path | None = None
    seconds: float = SECONDS

    def ask(self, *command: str) -> str:
        """Return what a program prints. Raises BackupError."""
        with tempfile.TemporaryFile() as out:
            self._run(command, stdout=out)
            out.seek(0)
            return out.read().decode("utf-8", errors="replace")

    def save(self, file: Path, *command: str) -> None:
        """Write what a program prints into a file. Raises BackupError."""
        with file.open("wb") as out:
            self._run(command, stdout=out)

    def feed(self, parts: Iterator[bytes], *command: str) -> None:
        """Give a program its standard input, piece by piece. Raises BackupError."""
        with tempfile.TemporaryFile() as said, self._started(command, said) as process:
            with suppress(BrokenPipeError):  # the program's own status says why
                _write_all(process.stdin, parts)
            self._judge(command, process.wait(), said)

    def _run(self, command: Sequence[str], stdout: IO[bytes]) -> None:
        with tempfile.TemporaryFile() as said:
            try:
                done = subprocess.run(
                    self.wrap(command), stdin=subprocess.DEVNULL, stdout=stdout, stderr=said, cwd=self.folder,
                    env={**os.environ, **self.environment}, timeout=self.seconds, check=False,
                )  # fmt: skip
            except FileNotFoundError as error:
                raise BackupError(f"{error.filename} is not installed.") from None
            except subprocess.TimeoutExpired:
                raise BackupError(f"{command[0]} took longer than {self.seconds:,.0f} s.") from None
            self._judge(command, done.returncode, said)

    @contextmanager
    def _started(self, command: Sequence[str], said: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
        try:
            process = subprocess.Popen(
                self.wrap(command), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said,
                cwd=self.folder, env={**os.environ, **self.environment},
            )  # fmt: skip
        except FileNotFoundError as error:
            raise BackupError(f"{error.filename} is not installed.") from None
        end = threading.Timer(self.seconds, process.kill)
        end.start()
        try:
            yield process
        finally:
            end.cancel()
            process.kill()
            with suppress(BrokenPipeError):
                process.communicate()

    @staticmethod
    def _judge(command: Sequence[str], status: int, said: IO[bytes]) -> None:
        if status:
            said.seek(0)
            told = said.read().decode("utf-8", errors="replace").strip()[-_LAST_WORDS:]
            raise BackupError(
                f"{shlex.quote(command[0])} ended with status {status}: {told or 'it says nothing'}"
            )


def _write_all(stream: IO[bytes] | None, parts: Iterator[bytes]) -> None:
    if stream is not None:
        with stream:
            for part in parts:
                stream.write(part)
