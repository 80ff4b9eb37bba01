"""Child processes that end with the command that started them.

Each has a process group of its own, is asked to stop, and is killed if it does not.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from opinionlens.base.errors import SettingsInvalid, StageFailed
from opinionlens.base.process_groups import stop_group


def refuse_taken_port(host: str, port: int, option: str) -> None:
    """Raise if a port is taken, before anything is started.

    Raises:
        SettingsInvalid: something listens there already.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsInvalid(
                f"port {port} cannot be used: {error.strerror}.",
                where=host,
                remedy=f"Stop what listens there, or choose another with {option}.",
            ) from error


@contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does.

    Half-written files are removed then, too. Works in the main thread only.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def child_process(
    command: Sequence[str], *, log: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` for as long as the block lasts.

    Afterwards it and all its own children are gone.

    Args:
        command: program and arguments.
        log: file that takes its output (appended); None leaves it on the terminal.
        environment: variables to add to the environment.
    """
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
    stream = log.open("ab") if log is not None else None
    try:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            list(command),
            stdout=stream,
            stderr=subprocess.STDOUT if stream else None,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop the whole group in order
        )
        try:
            yield process
        finally:
            stop_group(process)
    finally:
        if stream is not None:
            stream.close()


def wait_until_answers(
    url: str, process: subprocess.Popen[bytes], *, seconds: float, name: str, stop: threading.Event
) -> None:
    """Return once `url` answers below 500, or `stop` is set.

    Raises:
        StageFailed: the process ended, or the time is over.
    """
    deadline = time.monotonic() + seconds
    while not stop.wait(0.1):
        if process.poll() is not None:
            raise StageFailed(f"{name} ended with status {process.returncode} before it answered.")
        if time.monotonic() > deadline:
            raise StageFailed(f"{name} did not answer within {seconds:.0f} s.", where=url)
        if _answers(url):
            return


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - a loopback address of ours
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:  # not listening yet
        return False
