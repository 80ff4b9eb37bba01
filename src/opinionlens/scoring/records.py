"""The records of a damaged CSV file, read in one pass: a stray quotation mark costs its own line only."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

# A quoted cell may hold line ends; where it goes on for longer than this, its opening quotation mark is a
# stray.
MAX_RECORD_CHARS = 10_000_000


class Record(NamedTuple):
    """The cells of one row, and whether its quotation marks could not be made sense of."""

    cells: list[str]
    is_broken: bool = False


class _RecordTooLong(csv.Error):
    pass


class _Feed:
    """Hands lines to the csv module; those of the record under way can be taken back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._returned: deque[str] = deque()
        self._taken: list[str] = []
        self._chars = 0
        self.has_ended = False

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self._taken and self._chars > MAX_RECORD_CHARS:
            raise _RecordTooLong
        if self._returned:
            line = self._returned.popleft()
        else:
            self.has_ended = True
            line = next(self._lines)
            self.has_ended = False
        self._taken.append(line)
        self._chars += len(line)
        return line

    def accept(self) -> None:
        self._taken.clear()
        self._chars = 0

    def give_back(self) -> str:
        """Return the first line of the record under way; the others will come again."""
        first, *others = self._taken
        self._returned.extendleft(reversed(others))
        self.accept()
        return first


def records(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    """Yield every record; blank lines are none."""
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            record = _alone(feed.give_back(), delimiter)
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
        else:
            record = Record(cells)
            feed.accept()
        if record.cells:
            yield record


@contextmanager
def cells_of_any_length() -> Iterator[None]:
    """Lift the csv module's limit of 131,072 characters a cell, which is the whole process's, for a while."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _alone(line: str, delimiter: str) -> Record:
    """Read one badly quoted line as leniently as spreadsheets do; a quotation mark left open is past help."""
    feed = _Feed([line.rstrip("\r\n")])
    cells = next(csv.reader(feed, delimiter=delimiter), [])
    return Record(cells, is_broken=feed.has_ended)
