"""Detection of MLflow's absolute paths after a project has moved."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from opinionlens.base.urls import sqlite_file


def is_lost(location: str | None, uri: str) -> bool:
    """Return whether an experiment's folder for files is gone.

    MLflow notes it once and for ever: after the project has moved, files would go to its old place.

    Args:
        location: the place that MLflow has noted.
        uri: the database; a place beside it is made when it is needed.
    """
    path = _local_path(location or "")
    database = sqlite_file(uri)
    if path is None or path.exists() or path.parent.exists():
        return False
    return database is None or database.absolute().parent not in path.parents


def _local_path(location: str) -> Path | None:
    if location.lower().startswith("file:"):
        return Path(unquote(urlsplit(location).path))
    return Path(location) if location.startswith("/") else None
