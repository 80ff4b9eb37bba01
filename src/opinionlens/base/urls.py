"""Parsing of addresses of stores and databases."""

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
    """Remove user name and password from an address."""
    return (_WEB_LOGIN if uri.lower().startswith("http") else _LOGIN).sub("", uri)


def web_origin(uri: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an http(s) address.

    They are taken apart as HTTP libraries do: `http://localhost:80@elsewhere/` leads elsewhere. Two addresses
    lead to the same server when this is the same. None if it is no http(s) address with a host.
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
    """Make a relative SQLite path in an address absolute.

    It is meant from `root`, or the current working folder.
    """
    path = sqlite_file(uri)
    return uri if path is None or "?" in uri else f"{_SQLITE}{(root or Path.cwd()) / path}"


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a SQLite address, without its options.

    None for any other address.
    """
    if not uri.startswith(_SQLITE):
        return None
    return Path(uri.removeprefix(_SQLITE).partition("?")[0])
