"""Kinds of columns that both databases keep in the same way."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator

# SQLite counts up only what it calls INTEGER, which has 64 bits there.
RowNumber = BigInteger().with_variant(Integer, "sqlite")

# PostgreSQL keeps no NUL, and neither database a lone surrogate.
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


def utc_now() -> datetime:
    """Return the present moment, aware of its zone."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Goes in aware of its zone, comes out in UTC, also where the database knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment whose zone would have to be guessed."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a stored moment must be aware of its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite gives back what was written, which was UTC; PostgreSQL gives the session's zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AnyText(TypeDecorator[str]):
    """Text of any origin: characters that a database cannot keep become U+FFFD instead of an error."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what cannot be kept."""
        return None if value is None else _NOT_STORABLE.sub("�", value)
