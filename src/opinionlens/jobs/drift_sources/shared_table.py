"""The source `table`: the newest rows of `drift_data`.

Rows of type `sentiment_dist` and `embeddings`, as the older system's programs write them, and of type
`window` with the number of texts, as the export does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from opinionlens.base.errors import InputError
from opinionlens.drift.window_summary import WindowSummary, summary_in
from opinionlens.jobs.drift_sources.drift_source import SourceName, SourceUnusable, broken, nothing_there
from opinionlens.storage import Database, StorageError, StorageFault
from opinionlens.storage.shared_drift_data import SharedDatum, newest_of_kinds

SHARES, EMBEDDINGS, WINDOW = "sentiment_dist", "embeddings", "window"
# Embeddings that were written much later or earlier than the shares are of another window.
_TOGETHER = timedelta(days=1)
# 10,000 embeddings of 64 numbers, or 1,000 of 768.
_MOST_CHARS = 20_000_000


class SharedTableSource:
    """The window in the table of one database."""

    name: SourceName = "table"

    def __init__(self, open_database: Callable[[], Database], *, setting: str) -> None:
        """Open nothing yet.

        Args:
            open_database: returns the database; it is closed after each look.
            setting: the name of the setting with its address, for messages.
        """
        self._open = open_database
        self._setting = setting

    def newest(self) -> WindowSummary:
        """See `DriftSource.newest`; the database's own time limits hold."""
        try:
            database = self._open()
        except InputError as error:
            raise broken(error) from error
        try:
            rows = newest_of_kinds(database, (SHARES, EMBEDDINGS, WINDOW), most_chars=_MOST_CHARS)
            return self._summary(rows)
        except StorageError as error:
            raise self._unreadable(error) from error
        except InputError as error:
            raise broken(error) from error
        finally:
            database.close()

    def _summary(self, rows: dict[str, SharedDatum]) -> WindowSummary:
        shares, embeddings, window = (rows.get(kind) for kind in (SHARES, EMBEDDINGS, WINDOW))
        place = f"table drift_data ({self._setting})"
        if shares is None:
            raise nothing_there(f"There is no row of type '{SHARES}'.", where=place)
        if shares.at is None:
            raise InputError("The newest row has no time.", where=place)
        values = {SHARES: _value_of(shares, place)}
        is_exported = window is not None and window.at == shares.at
        if window is not None and is_exported:
            more = _value_of(window, place)
            values |= {key: more.get(key) for key in ("texts", "start")} if isinstance(more, dict) else {}
        # An export writes all rows at one moment; other programs one after the other.
        if embeddings is not None and _is_near(embeddings.at, shares.at, is_exported=is_exported):
            values[EMBEDDINGS] = _value_of(embeddings, place)
        return summary_in(values, at=shares.at.astimezone(UTC), place=place)

    def _unreadable(self, error: StorageError) -> SourceUnusable:
        remedy = f"Look at the database that {self._setting} names."
        lasting = error.remedy if not isinstance(error, StorageFault) else remedy
        return SourceUnusable(error.what, where=error.where, remedy=lasting, is_broken=True)


def _is_near(at: datetime | None, other: datetime, *, is_exported: bool) -> bool:
    return at is not None and abs(at - other) <= (timedelta(0) if is_exported else _TOGETHER)


def _value_of(datum: SharedDatum, place: str) -> object:
    if datum.value is None:
        raise InputError(f"A value has more than {_MOST_CHARS:,} characters.", where=place)
    try:
        return json.loads(datum.value)
    except (ValueError, RecursionError) as error:
        raise InputError(f"A value is no JSON: {error}.", where=place) from error
