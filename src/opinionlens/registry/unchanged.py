"""Answers that hold while a database stays unchanged.

Only the state of its files is looked at, never its tables: those are MLflow's own business.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from opinionlens.base.urls import sqlite_file, with_absolute_path
from opinionlens.registry.port import Version

# SQLite writes to one of them whenever it changes anything.
_FILES = ("", "-wal", "-journal")
# Two writes within a moment may leave a file with the same time; file systems count it in up to 2 s.
_SETTLED_SECONDS = 3.0

Key = tuple[str, str]
State = tuple[tuple[int, int, int] | None, ...]


class UnchangedAnswers:
    """Answers of a SQLite registry, while its files stay unchanged.

    Threads may share them.
    """

    def __init__(self, uri: str) -> None:
        """Look at nothing yet.

        For any other address nothing is ever kept.
        """
        self._path = sqlite_file(with_absolute_path(uri))
        self._kept: dict[Key, tuple[State, Version]] = {}
        self._lock = Lock()

    def answer(self, key: Key, ask: Callable[[], Version]) -> Version:
        """Return the answer kept for this key, or ask.

        The answer is kept if the version has its files, and if the database had been left alone for a while
        before it was asked.
        """
        state = None if self._path is None else _settled_state(self._path)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept[0] == state:
            return kept[1]
        version = ask()
        if state is not None and version.servable:
            with self._lock:
                self._kept[key] = (state, version)
        return version


def _settled_state(path: Path) -> State | None:
    """Return the state of a database's files.

    None if one was written a moment ago or cannot be looked at.
    """
    now = time.time()
    state: list[tuple[int, int, int] | None] = []
    for suffix in _FILES:
        try:
            found = path.with_name(path.name + suffix).stat()
        except FileNotFoundError:
            state.append(None)
            continue
        except OSError:
            return None
        if found.st_mtime > now - _SETTLED_SECONDS:
            return None
        state.append((found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(state)
