"""Whether there is a registry to read at all."""

from __future__ import annotations

from pathlib import Path

from opinionlens.addresses import sqlite_file


def missing_database(uri: str) -> Path | None:
    """Return the SQLite file of this address when it does not exist; otherwise None."""
    path = sqlite_file(uri)
    return None if path is None or path.exists() else path
