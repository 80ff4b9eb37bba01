"""Records of a delimited file with any placement of marks.

A record whose quoting keeps the rules is taken as it is. Where it does not, or where a quoted cell goes on
over lines that are rows themselves, the first line is read alone: to the letter if that makes a row, else as
an error; reading resumes with the second line. So a stray mark never takes the rows behind it along.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from opinionlens.tabular.cells import Cells, Quoting, body_of, splitter
from opinionlens.tabular.row_problems import RowProblem
from opinionlens.tabular.shape import Shape

# A quoted cell may hold line ends. Where it goes on for longer than this, its opening mark is a stray; where
# the rules are broken already, much earlier.
MAX_RECORD_CHARS = 10_000_000
_LOOSE_LINES = 20
# So many rows in a row, and nothing else, inside one cell: no need to look for its end.
_ENOUGH_ROWS = 30
_QUOTED = re.compile(r'\A"([^"]*)"\Z')


class Record(NamedTuple):
    """The cells of a row, and its quoting problem."""

    cells: list[str]
    problem: RowProblem | None = None


@dataclass
class Tally:
    """Counts of the records by their quotation marks.

    Attributes:
        records: all records.
        marked: those with a mark.
        closed: those of one line with cells quoted by the rules.
        needed: among these, those that hold the delimiter inside quotes.
        doubled: among these, those that hold a doubled or escaped mark.
        multiline: those of several lines.
        plain: those with marks only inside cells that are not quoted.
        literal: those whose marks break the rules and were read to the letter.
    """

    records: int = 0
    marked: int = 0
    closed: int = 0
    needed: int = 0
    doubled: int = 0
    multiline: int = 0
    plain: int = 0
    literal: int = 0


class DelimitedRecords:
    """The records behind the header, counted in `tally`."""

    def __init__(self, lines: Iterable[str], shape: Shape, quoting: Quoting) -> None:
        """Read nothing yet."""
        self.tally = Tally()
        self._lines = iter(lines)
        self._returned: deque[str] = deque()
        self._shape = shape
        self._splitter = None if quoting is Quoting.NONE else splitter(shape.delimiter, quoting)

    def __iter__(self) -> Iterator[Record]:
        """Yield every record, skipping blank lines."""
        delimiter = self._shape.delimiter if self._shape.width > 1 else None
        while (line := self._next()) is not None:
            body = body_of(line)
            if not body:
                continue
            self.tally.records += 1
            if self._splitter is not None and '"' in body:
                self.tally.marked += 1
                yield self._read_marked(line)
            elif delimiter:
                yield Record(body.split(delimiter))
            else:
                # In a single column a delimiter outside quotes shows that nothing is quoted.
                self.tally.plain += self._shape.delimiter in body
                yield Record([body])

    def _next(self) -> str | None:
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def _read_marked(self, line: str) -> Record:
        assert self._splitter is not None  # noqa: S101 - for the type checker
        cells = self._splitter.start(line)
        if cells.open is None and not cells.is_loose:
            return self._read_one_line(line, cells)
        if cells.open is None or (cells.is_loose and self._shape.literal(line) is not None):
            return self._read_alone(line, cells)
        return self._read_several_lines(line, cells)

    def _read_one_line(self, line: str, cells: Cells) -> Record:
        width = self._shape.width
        if len(cells.done) != width and (cells.has_stray or width == 1):
            literal = self._shape.literal(line)
            if literal is not None:
                self.tally.plain += 1
                return Record(literal)
        self.tally.closed += cells.quoted > 0
        self.tally.needed += cells.has_need
        self.tally.doubled += cells.has_doubled
        self.tally.plain += cells.has_stray and not cells.quoted
        return Record(cells.done)

    def _read_several_lines(self, first: str, cells: Cells) -> Record:
        """Read to the end of the open cell, or resume.

        Reading resumes behind the first line if the cell turns out not to be one.
        """
        assert self._splitter is not None  # noqa: S101 - for the type checker
        taken, chars = [first], len(first)
        rows: list[bool] = []  # of each line behind the first that is not blank, whether it is a row itself
        while cells.open is not None:
            if chars > MAX_RECORD_CHARS or (cells.is_loose and len(taken) > _LOOSE_LINES):
                return self._resume(taken)
            if len(rows) == _ENOUGH_ROWS and self._shape.is_telling and _most_are_rows(rows):
                return self._resume(taken)
            line = self._next()
            if line is None:
                return self._finish_at_end(taken, cells)
            taken.append(line)
            chars += len(line)
            self._splitter.go_on(cells, line)
            if body_of(line):
                is_last = cells.open is None
                rows.append(self._shape.is_row(line) if is_last else self._shape.is_certain_row(line))
        if self._is_doubtful(cells, taken, rows):
            return self._resume(taken)
        self.tally.multiline += 1
        return Record(cells.done)

    def _is_doubtful(self, cells: Cells, taken: list[str], rows: list[bool]) -> bool:
        """Return whether a closed cell rather contains several rows."""
        if len(cells.done) != self._shape.width:
            return cells.is_loose or any(rows)
        if cells.is_loose:
            return any(rows) or self._hides_beginning(taken)
        *between, last = rows or [False]
        first_is_row = self._shape.is_row(taken[0])
        if not self._shape.is_telling or (cells.has_doubled and not self._shape.has_typed_columns):
            return first_is_row and len(rows) > 1 and all(rows)
        if first_is_row and not last:
            # A new label in the last line must not cost the certain rows before it.
            return self._shape.has_typed_columns and bool(between) and all(between)
        if first_is_row:
            return _most_are_rows(between)
        return bool(between) and _most_are_rows(between)

    def _hides_beginning(self, taken: list[str]) -> bool:
        """Return whether a row begins inside an open cell."""
        return any(map(self._shape.begins_row, taken[1:]))

    def _finish_at_end(self, taken: list[str], cells: Cells) -> Record:
        """Decide on a cell still open at the file's end."""
        is_line = len(taken) == 1 and taken[0].endswith(("\n", "\r"))
        hides_row = any(map(self._shape.is_row, taken[1:])) or (
            cells.is_loose and self._hides_beginning(taken)
        )
        if hides_row or ((is_line or self._shape.width == 1) and self._shape.literal(taken[0]) is not None):
            return self._resume(taken)
        return Record(cells.with_rest(), RowProblem.CUT_OFF)

    def _resume(self, taken: list[str]) -> Record:
        """Return all lines but the first to the input."""
        self._returned.extendleft(reversed(taken[1:]))
        return self._read_alone(taken[0], None)

    def _read_alone(self, line: str, cells: Cells | None) -> Record:
        """Read a line with marks that break the rules.

        `cells` are its own where they are closed.
        """
        self.tally.literal += 1
        if cells is not None and cells.open is None and len(cells.done) == self._shape.width:
            return Record(cells.done)  # marks inside quotes that are not doubled
        literal = self._shape.literal(line)
        if literal is not None:
            return Record([_QUOTED.sub(r"\1", cell) for cell in literal])
        return Record(body_of(line).split(self._shape.delimiter), RowProblem.BROKEN_QUOTES)


def _most_are_rows(rows: list[bool]) -> bool:
    return 2 * sum(rows) >= len(rows)
