"""Addresses of MLflow stores, as far as the registry has to look into them."""

from __future__ import annotations

import re
from pathlib import Path

_SQLITE = "sqlite:///"
_LOGIN = re.compile(r"(?<=://)[^/@\s]*@")


def shown(uri: str) -> str:
    """Return the address as it may be shown: without the user name and password that it may carry."""
    return _LOGIN.sub("", uri)


def missing_database(uri: str) -> Path | None:
    """Return the SQLite file of this address when it does not exist; otherwise None."""
    if not uri.startswith(_SQLITE):
        return None
    path = Path(uri.removeprefix(_SQLITE).partition("?")[0])
    return None if path.exists() else path
