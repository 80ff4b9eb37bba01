"""Addresses of stores and databases, as far as we have to look into them."""

from __future__ import annotations

import re
from pathlib import Path

_SQLITE = "sqlite:///"
_LOGIN = re.compile(r"(?<=://)[^/\s]*@")


def shown(uri: str) -> str:
    """Return the address as it may be shown: without the user name and password that it may carry."""
    return _LOGIN.sub("", uri)


def with_absolute_path(uri: str, root: Path | None = None) -> str:
    """Return the same address; a relative SQLite path is meant from `root`, or the working folder of now."""
    path = sqlite_file(uri)
    return uri if path is None or "?" in uri else f"{_SQLITE}{(root or Path.cwd()) / path}"


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a SQLite address, with or without options behind it; None for any other address."""
    if not uri.startswith(_SQLITE):
        return None
    return Path(uri.removeprefix(_SQLITE).partition("?")[0])
