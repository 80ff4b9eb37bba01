"""Column types that behave alike on both databases."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator

# SQLite counts up columns of type INTEGER only, which has 64 bits there.
RowNumber = BigInteger().with_variant(Integer, "sqlite")

# PostgreSQL keeps no NUL, and neither database a lone surrogate.
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


def utc_now() -> datetime:
    """Return the present moment, aware of its zone."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A time, stored with its zone and read in UTC.

    That holds as well where the database knows no zones (SQLite).
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return a time in UTC; refuse one without a zone."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a stored moment must be aware of its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return a stored time in UTC.

        SQLite returns the written time, which was UTC, without its zone; PostgreSQL returns it in the
        session's zone.
        """
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AnyText(TypeDecorator[str]):
    """Text of any origin, with unstorable characters replaced.

    Characters that a database refuses become U+FFFD instead of an error.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace characters that a database cannot store."""
        return None if value is None else _NOT_STORABLE.sub("�", value)
