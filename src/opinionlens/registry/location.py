"""Where a registry is, and whether the files of a version belong to it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from opinionlens.base.urls import sqlite_file, web_origin

_PROXIED = "mlflow-artifacts"


def missing_database(uri: str) -> Path | None:
    """Return the SQLite file of this address when it does not exist; otherwise None."""
    path = sqlite_file(uri)
    return None if path is None or path.exists() else path


def is_foreign(location: str, uri: str) -> bool:
    """Tell whether files lie on another web server than the registry's.

    MLflow sends the registry's user name and password to whatever web address a version names. Object
    stores and folders are no web servers: they get other credentials, or none.
    """
    scheme, _, rest = location.partition(":")
    if scheme.lower() == _PROXIED:
        if not urlsplit(location).netloc:
            return False  # meant is the registry's own server
        known = web_origin(uri)
        return known is None or web_origin(f"{known[0]}:{rest}") != known
    return scheme.lower() in ("http", "https") and web_origin(location) != web_origin(uri)
