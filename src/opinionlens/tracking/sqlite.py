"""A SQLite store's journal mode and its folder of files."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from opinionlens.base.errors import TrackingError
from opinionlens.base.urls import sqlite_file


def prepare_database(uri: str, *, setting: str) -> None:
    """Make the SQLite file and set its write-ahead log.

    Writing ahead halves the time that MLflow's writes take. The journal mode stays with the file, so the
    MLflow server that is started on it later uses it too, and can read while a pipeline writes. Another kind
    of store is left as it is.

    Args:
        uri: The store's address.
        setting: The name of the setting with the address, for messages.

    Raises:
        TrackingError: the folder cannot be written, or the file is no database.
    """
    path = sqlite_file(uri)
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=20)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except (OSError, sqlite3.Error) as error:
        remedy = f"Move the file away, or name another in {setting}."
        what = f"The database of the runs cannot be used: {error}."
        raise TrackingError(what, where=str(path), remedy=remedy) from error


def artifact_folder(uri: str, experiment: str) -> str | None:
    """Return where an experiment's files go.

    Beside the SQLite file; None for a server, which decides itself.
    """
    path = sqlite_file(uri)
    if path is None:
        return None
    return str(path.absolute().parent / "mlruns" / re.sub(r"[^\w.-]+", "_", experiment))
