"""Log file of failed requests, one JSON line each.

Several workers write the same file. A line is added whole, under a lock on the file itself. The worker that
finds the file full moves it aside (`app.log.1`, `.2`, …) and begins a new one. A disk that fails costs lines,
never an answer.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import queue
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import structlog

from opinionlens.base.file_locks import lock

# Some 25,000 lines a file: a bad day can be read, and the disk never fills.
_MAX_BYTES = 5_000_000
_KEPT_FILES = 3
# Lines that may wait while the disk is slow; beyond them new ones are lost.
_MAX_WAITING = 10_000
_LINES_AT_ONCE = 500
_CLOSE_SECONDS = 2.0
_NOT_FOUND = 404

log = structlog.get_logger("app")


class ErrorLog:
    """Queue of lines and the thread that writes them.

    Nothing is opened before the first line.
    """

    def __init__(self, path: Path, *, max_bytes: int = _MAX_BYTES, kept_files: int = _KEPT_FILES) -> None:
        """Write to `path`; `/dev/null` keeps nothing.

        A missing folder is made.

        Args:
            path: the file.
            max_bytes: size at which it is moved aside.
            kept_files: how many that were moved aside are kept.
        """
        self._path = path
        self._max_bytes = max_bytes
        self._kept_files = kept_files
        self._waiting: queue.Queue[bytes | None] = queue.Queue(_MAX_WAITING)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._is_failing = False
        self._lost = 0

    def takes(self, status: int) -> bool:
        """Tell whether an answer of this status is logged.

        All errors but 404.
        """
        return status >= 400 and status != _NOT_FOUND and self._path != Path(os.devnull)

    def add(
        self,
        *,
        request_id: str,
        method: str,
        route: str | None,
        status: int,
        code: str | None,
        milliseconds: float,
    ) -> None:
        """Queue one line; never waits, never raises.

        None of the values may hold a person's text.
        """
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "request_id": request_id,
            "method": method,
            "route": route,
            "status": status,
            "code": code,
            "milliseconds": milliseconds,
        }
        try:
            self._waiting.put_nowait(json.dumps(line).encode() + b"\n")
        except queue.Full:
            self._lost += 1
            return
        if self._thread is None:
            self._start()

    def close(self) -> None:
        """Write the queued lines, within a time limit."""
        if self._thread is not None and self._thread.is_alive():
            try:
                self._waiting.put(None, timeout=_CLOSE_SECONDS)
            except queue.Full:
                return
            self._thread.join(_CLOSE_SECONDS)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="error-log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            lines = [self._waiting.get()]
            while len(lines) < _LINES_AT_ONCE and not self._waiting.empty():
                lines.append(self._waiting.get())
            is_last = None in lines
            self._write(b"".join(line for line in lines if line is not None))

    def _write(self, lines: bytes) -> None:
        try:
            append(self._path, lines, max_bytes=self._max_bytes, kept_files=self._kept_files)
        except OSError as error:
            if not self._is_failing:  # said once, not for every line
                log.warning("error_log.not_written", path=str(self._path), reason=error.strerror)
            self._is_failing = True
            return
        self._is_failing = False
        if self._lost:
            log.warning("error_log.lines_lost", lines=self._lost)
            self._lost = 0


def append(path: Path, lines: bytes, *, max_bytes: int, kept_files: int) -> None:
    """Add whole lines to a file shared with other processes.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    if not lines:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("ab", buffering=0) as file:
            lock(file)  # released when the file is closed
            if not _is_at(file, path):  # moved aside while we waited
                continue
            size = os.fstat(file.fileno()).st_size
            if size and size + len(lines) > max_bytes:
                _move_aside(path, kept_files)
                continue
            if file.write(lines) < len(lines):  # half a line would spoil the next one
                os.ftruncate(file.fileno(), size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            return


def _is_at(file: BinaryIO, path: Path) -> bool:
    mine = os.fstat(file.fileno())
    if not stat.S_ISREG(mine.st_mode):  # a pipe or a device is never moved
        return True
    try:
        return os.path.samestat(mine, path.stat())
    except FileNotFoundError:
        return False


def _move_aside(path: Path, kept_files: int) -> None:
    """Rename each log file to the next number.

    `app.log` becomes `app.log.1`, that `app.log.2`, and so on; the oldest is overwritten.
    """
    names = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, kept_files + 1))]
    for newer, older in reversed(list(itertools.pairwise(names))):
        if newer.exists():
            newer.replace(older)
