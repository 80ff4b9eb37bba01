"""The file of an SQLite database.

It is made private, opened only where it exists, and watched while it is open.

SQLite keeps using an open file after it was deleted or another one was moved to its place: rows written
then are lost without an error. Every connection therefore remembers which file it opened.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog

from opinionlens.base.file_locks import lock
from opinionlens.storage.deadlines import remaining

OWNER_ONLY = 0o600
# Files that SQLite keeps beside the database; it gives them the database's mode.
_WAL, _SHM = "-wal", "-shm"
# A log that has grown over this size in one long transaction is cut back after it.
_MOST_WAL_BYTES = 64 * 2**20
# Instructions of SQLite's machine between two looks at the clock: about a millisecond.
_STEPS = 100_000
_LOCK_SECONDS = 2.0
_MOST_LOGS_ASIDE = 20

log = structlog.get_logger("storage")


@dataclass(frozen=True, slots=True)
class FileId:
    """The identity of a file, independent of its name."""

    device: int
    inode: int


class FileConnection(sqlite3.Connection):
    """A connection that knows which file it has open."""

    file_id: FileId | None = None


class SqliteFile:
    """The database file of a `Database`; safe among threads."""

    def __init__(self, path: Path, *, is_foreign: bool = False) -> None:
        """Open nothing yet.

        Args:
            path: of the file.
            is_foreign: whether another program owns it: then its access and its journal's mode stay.
        """
        self.path = path
        self._is_foreign = is_foreign
        self._last_id: FileId | None = None
        self._beside: dict[str, FileId | None] = {}  # the log and its index that belong to that file

    def connect(self, **arguments: Any) -> FileConnection:  # noqa: ANN401 - those of sqlite3.connect
        """Return a connection to the file that is there now.

        Raises:
            sqlite3.Error: there is none, or it cannot be opened.
        """
        self._set_aside_old_log()
        before = id_of(self.path)
        if not self._is_foreign:
            tighten(self.path)
        connection = sqlite3.connect(
            f"file:{quote(str(self.path))}?mode=rw", **arguments, uri=True, factory=FileConnection
        )
        try:
            if before is None or before != id_of(self.path):
                raise sqlite3.OperationalError("the file was exchanged while it was opened")
            connection.file_id = before
            connection.set_progress_handler(lambda: remaining() < 0, _STEPS)
            if not self._is_foreign:
                _prepare(connection)
        except BaseException:  # whatever happens, also Ctrl-C, leaves no open connection behind
            connection.close()
            raise
        self._beside = {ending: id_of(side_file(self.path, ending)) for ending in (_WAL, _SHM)}
        self._last_id = before
        return connection

    def holds(self, connection: FileConnection) -> bool:
        """Tell whether the connection's file still has the path."""
        return connection.file_id == id_of(self.path)

    def create(self, wait_seconds: float) -> None:
        """Create folder and file; switch to write-ahead logging.

        Readers and the writer do not wait for each other in that mode, which is a property of the file.

        Raises:
            OSError: the folder or the file cannot be made.
            sqlite3.Error: the file cannot be written, or is no database.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):  # never opened by us otherwise: closing it would drop SQLite's locks
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))
        tighten(self.path)
        with closing(sqlite3.connect(self.path, timeout=wait_seconds)) as connection:
            # Works on an empty file only: pages that are free can be given back later.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            _switch_to_wal(connection, wait_seconds)

    def _set_aside_old_log(self) -> None:
        """Move the log of a replaced file aside.

        SQLite would apply it to the file that stands in its place.
        """
        last, now = self._last_id, id_of(self.path)
        if last is None or now is None or now == last:
            return
        with _locked(self.path.parent):  # against the other processes of the app, which notice it, too
            for ending, known in self._beside.items():
                path = side_file(self.path, ending)
                if known is None or id_of(path) != known:
                    continue
                if ending == _WAL:
                    path.replace(_name_aside(path))
                else:  # an index, which is made anew from the log
                    path.unlink()
        log.warning("database.replaced", path=str(self.path), then="The file that is there now is used.")


def _name_aside(path: Path) -> Path:
    """Return where a replaced file's log is kept.

    It holds what was stored last, so it takes the place of no earlier one.
    """
    numbers = ("", *(f"-{number}" for number in range(2, _MOST_LOGS_ASIDE + 1)))
    names = [path.with_name(f"{path.name}.replaced{number}") for number in numbers]
    return next((name for name in names if not name.exists() or not name.stat().st_size), names[-1])


def id_of(path: Path) -> FileId | None:
    """Return the identity of a path's file, or None."""
    try:
        found = path.stat()
    except OSError:
        return None
    return FileId(found.st_dev, found.st_ino)


def side_file(path: Path, ending: str) -> Path:
    """Return the path of SQLite's file with that ending.

    SQLite keeps it beside the database, and follows links first.
    """
    return Path(os.path.realpath(path) + ending)


def tighten(path: Path) -> None:
    """Make a database's files accessible to their owner only.

    Files that we may not change stay as they are.
    """
    for each in (path, side_file(path, _WAL), side_file(path, _SHM)):
        with suppress(OSError):  # not there, another user's, or read-only
            mode = each.stat().st_mode
            if stat.S_ISREG(mode) and mode & 0o077:
                each.chmod(mode & 0o700)


def _prepare(connection: FileConnection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # In WAL mode NORMAL could lose what was acknowledged when the power fails.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {_MOST_WAL_BYTES:d}")
    # The first look into the file, which opens its log, too. A restored copy may have lost the mode.
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        with suppress(sqlite3.OperationalError):  # read-only, or in use: the next connection tries again
            connection.execute("PRAGMA journal_mode = WAL")


def _switch_to_wal(connection: sqlite3.Connection, wait_seconds: float) -> None:
    """Switch the mode, trying until the time is up.

    Unlike other statements this one does not wait for other connections.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    deadline = time.monotonic() + _LOCK_SECONDS
    handle = os.open(folder, os.O_RDONLY)
    try:
        while True:
            try:
                lock(handle, wait=False)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise sqlite3.OperationalError("another process moves the old log") from None
                time.sleep(0.01)
        yield
    finally:
        os.close(handle)
