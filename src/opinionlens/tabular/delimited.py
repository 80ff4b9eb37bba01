"""Rows of CSV and its relatives.

`quoting` and `delimited_records` decide about quotation marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from opinionlens.base.wording import counted
from opinionlens.tabular.cells import Quoting
from opinionlens.tabular.delimited_records import DelimitedRecords, Record
from opinionlens.tabular.encoding import BadBytes
from opinionlens.tabular.header import Header, read_header
from opinionlens.tabular.lines import Lines, open_lines
from opinionlens.tabular.quoting import find_quoting
from opinionlens.tabular.row_problems import RowProblem
from opinionlens.tabular.shape import Shape


class Row(NamedTuple):
    """As many cells as the header has, and their problem."""

    cells: list[str]
    problem: RowProblem | None


class DelimitedRows:
    """The rows behind the header, in order."""

    def __init__(self, lines: Lines, header: Header, quoting: Quoting, shape: Shape) -> None:
        """Take the lines behind the header."""
        self.lines = lines
        self.header = header
        self.quoting = quoting
        self._records = DelimitedRecords(islice(lines, header.lines, None), shape, quoting)

    def __iter__(self) -> Iterator[Row]:
        """Yield every row in order."""
        return map(self._fit_to_header, self._records)

    def notes(self) -> tuple[str, ...]:
        """Return notes on unusual things in the file."""
        literal = self._records.tally.literal
        found = [*self.lines.notes()]
        if self.header.has_hint:
            found.append(f"The first line `sep={self.header.delimiter}` was taken as a hint, not as a row.")
        if self.quoting is Quoting.BACKSLASH:
            found.append('In quoted cells `\\"` was read as a quotation mark and `\\\\` as a backslash.')
        if self.quoting is Quoting.NONE:
            found.append("Quotation marks do not enclose cells in this file; they were kept as they stand.")
        elif literal:
            rows = counted(literal, "row has", "rows have")
            found.append(f"{rows} quotation marks that do not pair; read line by line.")
        return tuple(found)

    def _fit_to_header(self, record: Record) -> Row:
        """Fit the cells to the header without losing content."""
        cells, problem = record
        width = len(self.header.names)
        if len(cells) == width:
            return Row(cells, problem)
        if len(cells) > width:
            # Some programs end every line with delimiters that mean nothing.
            if any(cells[width:]):
                cells[width - 1] = self.header.delimiter.join(cells[width - 1 :])
                # With one column the delimiter can only be part of the text.
                problem = problem or (RowProblem.TOO_MANY_COLUMNS if width > 1 else None)
            return Row(cells[:width], problem)
        return Row(cells + [""] * (width - len(cells)), problem or RowProblem.TOO_FEW_COLUMNS)


@contextmanager
def open_delimited(
    path: Path, needed: Set[str], bad_bytes: BadBytes | None = BadBytes.CP1252
) -> Iterator[DelimitedRows]:
    """Open a delimited file.

    Args:
        path: the file, which may be packed.
        needed: names of columns that must be there.
        bad_bytes: how to replace bytes that are no UTF-8; None leaves them marked.

    Raises:
        TableInvalid: it cannot be read, or its header lacks a needed column.
    """
    with open_lines(path, bad_bytes) as lines:
        header = read_header(lines, needed, lines.format.ending, path)
        ending = lines.format.ending
    shape = Shape(header.delimiter, len(header.names))
    quoting = find_quoting(partial(_lines_behind_header, path, header), shape, ending)
    with open_lines(path, bad_bytes) as lines:
        yield DelimitedRows(lines, header, quoting, shape)


@contextmanager
def _lines_behind_header(path: Path, header: Header) -> Iterator[Iterable[str]]:
    with open_lines(path, None) as lines:
        yield islice(lines, header.lines, None)
