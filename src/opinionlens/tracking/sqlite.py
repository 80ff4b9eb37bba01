"""What a SQLite store needs besides MLflow: a fast journal, and a place for files that does not move."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from opinionlens.base.errors import TrackingError
from opinionlens.base.urls import sqlite_file


def prepare_database(uri: str) -> None:
    """Make the SQLite file, if it is one, and let it write ahead: that halves what MLflow's writing costs.

    The journal mode stays with the file, so the MLflow server that is started on it later uses it too, and
    can read while a pipeline writes.

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
        remedy = "Move the file away, or name another in MLFLOW__LOCAL_TRACKING_URI."
        what = f"The database of the runs cannot be used: {error}."
        raise TrackingError(what, where=str(path), remedy=remedy) from error


def artefact_folder(uri: str, experiment: str) -> str | None:
    """Return where an experiment's files go: beside the SQLite file; None for a server, which decides."""
    path = sqlite_file(uri)
    if path is None:
        return None
    return str(path.absolute().parent / "mlruns" / re.sub(r"[^\w.-]+", "_", experiment))
