"""Addresses of stores and databases, as far as we have to look into them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

_SQLITE = "sqlite:///"
_WEB_LOGIN = re.compile(r"(?<=://)[^/?#\s]*@")
# Up to the last `@`: drivers of databases also take passwords with `/` in them.
_LOGIN = re.compile(r"(?<=://)[^\s]*@")
_USUAL_PORTS = {"http": 80, "https": 443}


def shown(uri: str) -> str:
    """Return the address as it may be shown: without the user name and password that it may carry."""
    return (_WEB_LOGIN if uri.lower().startswith("http") else _LOGIN).sub("", uri)


def web_origin(uri: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an http(s) address, taken apart as HTTP libraries do.

    Two addresses lead to the same server when this is the same: `http://localhost:80@elsewhere/` leads
    elsewhere. None for what is no http(s) address with a host.
    """
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError:  # a port or an IPv6 address that is none
        return None
    if parts.scheme not in _USUAL_PORTS or not host or any(character in uri for character in "\\ \t\r\n"):
        return None
    return parts.scheme, host.removesuffix("."), port or _USUAL_PORTS[parts.scheme]


def with_absolute_path(uri: str, root: Path | None = None) -> str:
    """Return the same address; a relative SQLite path is meant from `root`, or the working folder of now."""
    path = sqlite_file(uri)
    return uri if path is None or "?" in uri else f"{_SQLITE}{(root or Path.cwd()) / path}"


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a SQLite address, with or without options behind it; None for any other address."""
    if not uri.startswith(_SQLITE):
        return None
    return Path(uri.removeprefix(_SQLITE).partition("?")[0])
