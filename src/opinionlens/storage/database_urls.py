"""Parsing and showing database URLs."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from opinionlens.base.errors import SettingsInvalid

_TAKEN = "sqlite:///folder/file.db or postgresql://user:password@host/database"
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


SETTING = "DATABASE__URL"


def parse_url(url: str, setting: str = SETTING) -> URL:
    """Return the URL with the driver that we use.

    Args:
        url: of a SQLite file or a PostgreSQL database.
        setting: the name of the setting with the URL, for messages.

    Raises:
        SettingsInvalid: another kind of database or driver, or SQLite in memory; the URL is not shown.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SettingsInvalid(f"{setting} is not a database URL.", remedy=f"Use {_TAKEN}.") from None
    name, _, driver = parsed.drivername.partition("+")
    if name not in _DRIVERS or driver not in ("", "psycopg", "pysqlite"):
        raise SettingsInvalid(f"{setting}: {parsed.drivername} is not supported.", remedy=f"Use {_TAKEN}.")
    if name == "sqlite" and (parsed.database in (None, "", ":memory:") or "uri" in parsed.query):
        raise SettingsInvalid(
            f"{setting}: SQLite needs a file; what is in memory is lost at every stop.",
            remedy=f"Use {_TAKEN}.",
        )
    return parsed.set(drivername=_DRIVERS[name])


@dataclass(frozen=True, slots=True)
class ServerLogin:
    """The login that a database server expects.

    Attributes:
        user: empty for that of the operating system.
        password: None where the URL has none; not shown when the value is printed.
        database: its name.
        is_local: by a socket of this machine, where the operating system knows the user.
    """

    user: str
    password: str | None = field(repr=False)
    database: str
    is_local: bool


def login_of(url: str) -> ServerLogin | None:
    """Return the login in a URL; None for SQLite.

    Raises:
        SettingsInvalid: the URL is of no kind that is supported.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return None
    host = parsed.host or str(parsed.query.get("host", ""))
    password = None if parsed.password is None else str(parsed.password)
    return ServerLogin(
        parsed.username or "", password, parsed.database or "", is_local=not host or host.startswith("/")
    )


def shown(url: URL) -> str:
    """Return the database's place in a form fit for logs.

    User and password are left out.
    """
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"{url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}"
