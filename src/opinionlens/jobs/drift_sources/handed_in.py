"""The source `xcom`: JSON that a scheduler hands in.

The keys are those of the older system's XCom. `window` may name a file instead, so that no array has to go
through the scheduler's database.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from opinionlens.base.errors import InputError
from opinionlens.drift.window_summary import WindowSummary, summary_in
from opinionlens.jobs.drift_sources.disk_files import summary_of_file
from opinionlens.jobs.drift_sources.drift_source import SourceName, broken, nothing_there
from opinionlens.jobs.drift_sources.window_files import MOST_BYTES, read_window_file, values_in_json

_OPTION = "--xcom"


class HandedInSource:
    """JSON of a file or of standard input."""

    name: SourceName = "xcom"

    def __init__(self, given: str | None, *, read_input: Callable[[int], bytes] | None = None) -> None:
        """Read nothing yet.

        Args:
            given: the path of a JSON file, or `-` for standard input; None where nothing was handed in.
            read_input: reads at most so many bytes of standard input.
        """
        self._given = given
        self._read_input = read_input or _standard_input

    def newest(self) -> WindowSummary:
        """See `DriftSource.newest`; values without a time are of now."""
        if self._given is None:
            raise nothing_there("Nothing was handed in.", remedy=f"Name a JSON file with {_OPTION}.")
        place = "standard input" if self._given == "-" else self._given
        try:
            return self._summary(place)
        except FileNotFoundError as error:
            raise broken(InputError("There is no such file.", where=str(error))) from error
        except InputError as error:
            raise broken(error) from error

    def _summary(self, place: str) -> WindowSummary:
        if self._given == "-":
            content = self._read_input(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise InputError(f"More than {MOST_BYTES // 1_000_000} MB were handed in.", where=place)
            values = values_in_json(content, place) if content.strip() else {}
        else:
            values = read_window_file(Path(place))
        named = values.get("window")
        if named is not None:
            if not isinstance(named, str):
                raise InputError("`window` is no path of a file.", where=place)
            return summary_of_file(Path(named))
        if values.get("sentiment_dist") is None and values.get("embeddings") is None:
            raise nothing_there("`sentiment_dist` and `embeddings` were not pushed.", where=place)
        return summary_in(values, at=datetime.now(UTC), place=place)


def _standard_input(most: int) -> bytes:
    return sys.stdin.buffer.read(most)
