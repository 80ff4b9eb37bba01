"""Addresses of MLflow stores, as far as the registry and tracking have to look into them."""

from __future__ import annotations

import re
from pathlib import Path

_SQLITE = "sqlite:///"
_LOGIN = re.compile(r"(?<=://)[^/\s]*@")


def shown(uri: str) -> str:
    """Return the address as it may be shown: without the user name and password that it may carry."""
    return _LOGIN.sub("", uri)


def with_absolute_path(uri: str) -> str:
    """Return the same address; a relative SQLite path is meant from the working folder as it is now."""
    path = sqlite_file(uri)
    return uri if path is None or "?" in uri else f"{_SQLITE}{path.absolute()}"


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a SQLite address, with or without options behind it; None for any other address."""
    if not uri.startswith(_SQLITE):
        return None
    return Path(uri.removeprefix(_SQLITE).partition("?")[0])
