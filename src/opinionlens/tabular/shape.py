"""The shape of a file's rows.

By it a row is recognised that is hidden inside a quoted cell.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from opinionlens.tabular.cells import Cells, Quoting, body_of, splitter

# A column nearly all of whose cells are one of so few values, each met some times and of two words at most,
# is one of labels or kinds.
_FEW_VALUES = 12
_TIMES_EACH = 5
# In fewer rows a label may not have been met yet, and rows with it would not be known for rows.
_LEAST_ROWS = 15
_MOST_BLANKS = 1
_NEARLY_ALL = 0.95
_VALUES_KEPT = 200
_NUMBER = re.compile(r"[+-]?\d[\d.,]*(e[+-]?\d+)?%?", re.ASCII | re.IGNORECASE)
# Prose holds commas and semicolons; a tab or a bar in it is rare enough to tell rows by their number alone.
_TELLING_DELIMITERS = "\t|"
# Fifty lines of every thousand count, and the first ones all: files are often sorted by their labels.
_FIRST_LINES = 2_000
_BLOCK, _OF_BLOCK = 1_000, 50
# How many lines a cell may go on over before they are learned from after all.
_LONGEST_CELL = 1_000
# Lines kept of all cells whose marks break the rules, and the longest, should too few rows be certain.
_BROKEN_LINES = 200
_BROKEN_LINE_CHARS = 20_000


class _Column:
    """Values of one column, as far as they characterise it."""

    def __init__(self) -> None:
        self._seen = 0
        self._numbers = 0
        self._values: Counter[str] = Counter()
        self.is_numeric = False
        self.few: frozenset[str] = frozenset()

    def add(self, cell: str) -> None:
        value = _value(cell)
        self._seen += 1
        self._numbers += _NUMBER.fullmatch(value) is not None
        if len(self._values) < _VALUES_KEPT or value in self._values:
            self._values[value] += 1

    def settle(self) -> None:
        enough = _NEARLY_ALL * self._seen
        common = self._values.most_common(_FEW_VALUES)
        self.is_numeric = self._seen >= 2 and self._numbers >= enough
        is_few = (
            sum(times for _, times in common) >= enough
            and self._seen >= max(_LEAST_ROWS, _TIMES_EACH * len(common))
            and all(value.count(" ") <= _MOST_BLANKS for value, _ in common)
        )
        self.few = frozenset(value for value, _ in common) if is_few else frozenset()

    @property
    def is_telling(self) -> bool:
        return self.is_numeric or bool(self.few)

    def admits(self, cell: str) -> bool:
        if self.few and _value(cell) in self.few:
            return True
        if self.is_numeric:
            return _NUMBER.fullmatch(_value(cell)) is not None
        return not self.few


class _OpenCell(NamedTuple):
    """A record with an unfinished last cell.

    `lines` are its first lines, `opened` the number of the first.
    """

    cells: Cells
    lines: list[str]
    opened: int


def _value(cell: str) -> str:
    # A stray mark may stand anywhere, and makes a number or a label none the less.
    return cell[:80].replace('"', "").strip().casefold()


class Shape:
    """The number of cells and the known values of columns."""

    def __init__(self, delimiter: str, width: int) -> None:
        """Start with the number of columns only."""
        self.delimiter = delimiter
        self.width = width
        self._columns = [_Column() for _ in range(width)]
        self._rows = 0
        self._splitter = splitter(delimiter, Quoting.DOUBLED)

    def learn(self, lines: Iterable[str]) -> bool:
        """Learn from the lines that are certainly rows.

        Returns:
            Whether any line holds a quotation mark.
        """
        has_mark = False
        inside: _OpenCell | None = None
        broken: list[list[str]] = []
        for number, line in enumerate(lines):
            has_mark = has_mark or '"' in line
            if number >= _FIRST_LINES and number % _BLOCK >= _OF_BLOCK:
                inside = None
                continue
            if inside is None or number - inside.opened >= _LONGEST_CELL:
                cells = self._learn_line(line)
                inside = _OpenCell(cells, [line], number) if cells is not None else None
                continue
            self._splitter.go_on(inside.cells, line)
            if len(inside.lines) < _BROKEN_LINES:
                inside.lines.append(line)
            if inside.cells.open is None:
                self._keep_broken(inside, broken)
                inside = None
        if inside is not None:
            self._keep_broken(inside, broken)
        self._settle()
        if self._rows < _LEAST_ROWS and not self.has_typed_columns:
            for block in broken:
                self._learn_broken_lines(block)
            self._settle()
        return has_mark

    def _settle(self) -> None:
        for column in self._columns:
            column.settle()

    def _keep_broken(self, cell: _OpenCell, broken: list[list[str]]) -> None:
        """Keep the lines of a broken cell, within a limit."""
        room = _BROKEN_LINES - sum(map(len, broken))
        if room > 0 and self._is_broken(cell.cells):
            broken.append([line for line in cell.lines[:room] if len(line) <= _BROKEN_LINE_CHARS])

    def _is_broken(self, cells: Cells) -> bool:
        """Return whether correct quoting cannot give this record."""
        return cells.open is not None or cells.is_loose or len(cells.done) != self.width

    def _learn_broken_lines(self, lines: Sequence[str]) -> None:
        """Learn from lines that a stray mark joined.

        Each may be a row, as in `delimited_records`.
        """
        pending = deque(lines)
        while pending:
            line = pending.popleft()
            cells = self._learn_line(line)
            if cells is None:
                continue
            taken: list[str] = []
            while pending and cells.open is not None:
                taken.append(pending.popleft())
                self._splitter.go_on(cells, taken[-1])
            if self._is_broken(cells):
                self._add(self.literal(line))
                pending.extendleft(reversed(taken))

    def _learn_line(self, line: str) -> Cells | None:
        """Learn from one line.

        Returns:
            The record under way where the line leaves a quoted cell open.
        """
        cells = self._splitter.start(line) if '"' in line else None
        if cells is not None and cells.open is not None and not cells.is_loose:
            return cells
        is_loose = cells is not None and cells.is_loose
        self._add(self.literal(line) if is_loose else self._certain(line))
        return None

    def _add(self, row: Sequence[str] | None) -> None:
        if row is None:
            return
        self._rows += 1
        for column, cell in zip(self._columns, row, strict=False):
            column.add(cell)

    @property
    def is_telling(self) -> bool:
        """Whether rows can be distinguished from lines of prose.

        A line of prose may happen to have as many cells.
        """
        return self.delimiter in _TELLING_DELIMITERS or self.has_typed_columns

    @property
    def has_typed_columns(self) -> bool:
        """Whether a column holds numbers or a few values only."""
        return any(column.is_telling for column in self._columns)

    def literal(self, line: str) -> list[str] | None:
        """Return the cells read literally, if they make a row.

        Quotation marks are then characters like any other.
        """
        body = body_of(line)
        cells = body.split(self.delimiter) if self.width > 1 else [body]
        return self._fitting(cells) if self.width > 1 else cells

    def is_row(self, line: str) -> bool:
        """Return whether the line is a row, quoted or literal."""
        return self.is_certain_row(line) or (self.width > 1 and self.literal(line) is not None)

    def is_certain_row(self, line: str) -> bool:
        """Return whether the line is a correctly quoted row.

        Never true of a single column.
        """
        return self.width > 1 and self._certain(line) is not None

    def begins_row(self, line: str) -> bool:
        """Return whether the line begins a row of several lines.

        A line of prose may leave a cell open, too, so the cells before it have to tell.
        """
        cells = self._splitter.start(line) if '"' in line else None
        if cells is None or cells.open is None or cells.is_loose or cells.has_stray:
            return False
        before = list(zip(self._columns, cells.done, strict=False))
        return all(column.admits(cell) for column, cell in before) and (
            any(column.is_telling for column, _ in before)
            or (bool(before) and self.delimiter in _TELLING_DELIMITERS)
        )

    def _certain(self, line: str) -> list[str] | None:
        if '"' not in line:
            return self.literal(line)
        cells = self._splitter.start(line)
        if cells.open is not None or cells.is_loose or cells.has_stray:
            return None
        return self._fitting(cells.done)

    def _fitting(self, cells: Sequence[str]) -> list[str] | None:
        # Some programs end every line with delimiters that mean nothing.
        if len(cells) < self.width or any(cells[self.width :]):
            return None
        kept = list(cells[: self.width])
        admitted = all(column.admits(cell) for column, cell in zip(self._columns, kept, strict=True))
        return kept if admitted else None
