"""Times as MLflow counts them.

They are whole milliseconds since 1970, in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime


def as_time(milliseconds: int) -> datetime:
    """Return the moment, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def as_milliseconds(time: datetime) -> int:
    """Return the milliseconds of a moment, rounded."""
    return round(time.timestamp() * 1000)
