"""Database URLs: which are taken, and how they are shown."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from opinionlens.errors import SettingsInvalid

_TAKEN = "sqlite:///folder/file.db or postgresql://user:password@host/database"
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def parse_url(url: str) -> URL:
    """Return the URL with the driver that is used for it.

    Raises:
        SettingsInvalid: another kind of database or driver, or SQLite in memory; the URL is not shown.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SettingsInvalid("DATABASE__URL is not a database URL.", remedy=f"Use {_TAKEN}.") from None
    name, _, driver = parsed.drivername.partition("+")
    if name not in _DRIVERS or driver not in ("", "psycopg", "pysqlite"):
        raise SettingsInvalid(
            f"DATABASE__URL: {parsed.drivername} is not supported.", remedy=f"Use {_TAKEN}."
        )
    if name == "sqlite" and (parsed.database in (None, "", ":memory:") or "uri" in parsed.query):
        raise SettingsInvalid(
            "DATABASE__URL: SQLite needs a file; what is in memory is lost at every stop.",
            remedy=f"Use {_TAKEN}.",
        )
    return parsed.set(drivername=_DRIVERS[name])


def shown(url: URL) -> str:
    """Return the URL as it may be logged: where the database is, nothing about who logs in."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"{url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}"
