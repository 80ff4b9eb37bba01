"""Column types that behave alike on both databases."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

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


class JsonValue(TypeDecorator[object]):
    """A JSON value: JSONB on PostgreSQL, text on SQLite.

    Characters that PostgreSQL refuses become U+FFFD. NaN and infinities are refused.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the database's own type."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(Text())
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB())

    def process_bind_param(self, value: object, dialect: Dialect) -> object:
        """Check a value; write it as text for SQLite."""
        storable = _storable(value)
        written = json.dumps(storable, allow_nan=False, sort_keys=True)
        return storable if dialect.name == "postgresql" else written

    def process_result_value(self, value: Any, dialect: Dialect) -> object:  # noqa: ANN401
        """Parse the text that SQLite keeps."""
        return value if dialect.name == "postgresql" else json.loads(value)


class Numbers(TypeDecorator[NDArray[np.float64]]):
    """A vector of numbers, stored as little-endian 64-bit floats."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: NDArray[np.float64] | None, dialect: Dialect) -> bytes | None:
        """Return the bytes of a vector."""
        return None if value is None else np.asarray(value, dtype="<f8").tobytes()

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> NDArray[np.float64] | None:
        """Return the vector of some bytes."""
        return None if value is None else np.frombuffer(value, dtype="<f8").astype(np.float64)


def _storable(value: object) -> object:
    if isinstance(value, str):
        return _NOT_STORABLE.sub("�", value)
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(each) for each in value]
    return value
