"""A registry's address, and whether files belong to it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from opinionlens.base.urls import sqlite_file, web_origin

_PROXIED = "mlflow-artifacts"
# A folder's name that means nothing else in an address on a web server.
_PLAIN_PART = re.compile(r"[\w~+=@,-][\w .~+=@,-]{0,254}")


def missing_database(uri: str) -> Path | None:
    """Return the address's SQLite file if it does not exist."""
    path = sqlite_file(uri)
    return None if path is None or path.exists() else path


def is_foreign(location: str, uri: str) -> bool:
    """Tell whether files lie on a web server of others.

    That is any web server but the registry's. MLflow sends the registry's user name and password to whatever
    web address a version names. Object stores and folders are no web servers: they get other credentials, or
    none.
    """
    scheme, _, rest = location.partition(":")
    if scheme.lower() == _PROXIED:
        if not urlsplit(location).netloc:
            return False  # meant is the registry's own server
        known = web_origin(uri)
        return known is None or web_origin(f"{known[0]}:{rest}") != known
    return scheme.lower() in ("http", "https") and web_origin(location) != web_origin(uri)


def proxied_path(location: str) -> str | None:
    """Return the path of files that the server gives out.

    They are in the store of the registry's server. None for files elsewhere, and for a path that is not
    plain.
    """
    scheme, _, path = location.partition(":/")
    is_plain = scheme == _PROXIED and all(map(_PLAIN_PART.fullmatch, path.rstrip("/").split("/")))
    return path.rstrip("/") if is_plain else None
