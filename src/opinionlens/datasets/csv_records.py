"""The records of a CSV file that may be damaged: what can be read is read, the rest is counted by reason.

A stray quote must not take the rows behind it with it. Where quoting goes wrong over several lines, only the
first of them is given up and reading goes on with the second.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opinionlens.datasets.table import Rejection


class _Feed:
    """Hands lines to the csv module; remembers which it took, and whether it asked for more."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.first = 0  # of the record that is being read
        self.at = 0  # the next one
        self.exhausted = False

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            self.exhausted = True
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]

    def taken(self) -> Sequence[str]:
        """The lines of the record that is being read."""
        return self.lines[self.first : self.at]


def records(lines: Sequence[str], separator: str, width: int) -> Iterator[list[str] | Rejection]:
    """Every record with exactly `width` fields, or the reason why it is none; blank lines are no records."""
    feed = _Feed(lines)
    with _fields_of_any_length():
        while feed.at < len(lines):
            try:
                yield from _well_quoted(feed, separator, width)
            except csv.Error:
                yield _badly_quoted(feed, separator, width)


def _well_quoted(feed: _Feed, separator: str, width: int) -> Iterator[list[str] | Rejection]:
    """Records up to the first one that breaks a rule of quoting; `feed.first` is then its first line."""
    feed.first = feed.at
    for record in csv.reader(feed, delimiter=separator, strict=True):
        judged = _of_width(record, width)
        if isinstance(judged, Rejection) and _hides_a_record(feed, separator, width):
            # Two stray quotes with whole records between them look like one long field.
            judged = Rejection.BROKEN_QUOTES
            feed.at = feed.first + 1
        if record:
            yield judged
        feed.first = feed.at


def _badly_quoted(feed: _Feed, separator: str, width: int) -> list[str] | Rejection:
    """What becomes of the record that broke a rule; reading goes on behind its first line."""
    reached_end = feed.at >= len(feed.lines)
    if (
        reached_end
        and not _is_complete(feed.taken(), separator)
        and not _hides_a_record(feed, separator, width)
    ):
        return Rejection.CUT_OFF
    feed.at = feed.first + 1
    record = _alone(feed.lines[feed.first], separator)
    return record if isinstance(record, Rejection) else _of_width(record, width)


def _hides_a_record(feed: _Feed, separator: str, width: int) -> bool:
    """Whether one of the lines that the record took, but for its first, begins a whole record."""
    behind = feed.taken()[1:]
    return any(len(record) == width for record in csv.reader(behind, delimiter=separator))


def _of_width(record: list[str], width: int) -> list[str] | Rejection:
    if len(record) < width:
        return Rejection.MISSING_COLUMN
    # Some programs end every line with separators that mean nothing.
    return record[:width] if not any(record[width:]) else Rejection.EXTRA_COLUMN


def _alone(line: str, separator: str) -> list[str] | Rejection:
    """One badly quoted line, read the lenient way; rejected if it opens a quote that it does not close."""
    if not _is_complete([line], separator):
        return Rejection.BROKEN_QUOTES
    return next(csv.reader([line], delimiter=separator))


def _is_complete(lines: Sequence[str], separator: str) -> bool:
    """Whether the lenient reader, given `lines`, ends outside quotes."""
    # A record that comes after the lines ran out was still waiting for its closing quote.
    feed = _Feed(lines)
    return not any(feed.exhausted for _ in csv.reader(feed, delimiter=separator))


@contextmanager
def _fields_of_any_length() -> Iterator[None]:
    """Lift the csv module's limit of 131,072 characters a field, which is the process's, for a while."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)
