"""CSV and its relatives: the delimiter is found out; a broken row goes out as what could be read of it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from opinionlens.errors import TableInvalid
from opinionlens.scoring.columns import ADDED, RowProblem, Verdict, listed, renamed, renaming_note
from opinionlens.scoring.lines import Lines
from opinionlens.scoring.records import Record, cells_of_any_length, records
from opinionlens.scoring.spreadsheet import neutralised
from opinionlens.scoring.table import Chunk, in_chunks

# Comma first: of two that fit, it wins. Spreadsheets of some countries write semicolons under the name of
# CSV.
DELIMITERS = (",", ";", "\t", "|")
_HEAD_LINES = 50


@contextmanager
def open_delimited(source: Path, target: Path, text_column: str) -> Iterator[DelimitedTable]:
    """Open a CSV file; see `table.OpenTable`."""
    with Lines(source) as lines, cells_of_any_length():
        encoding = "utf-8-sig" if lines.has_mark else "utf-8"
        with target.open("w", encoding=encoding, newline="") as output:
            yield DelimitedTable(lines, output, text_column)


class DelimitedTable:
    """The output has the input's delimiter and byte order mark, and the line ends of RFC 4180."""

    def __init__(self, lines: Lines, output: TextIO, text_column: str) -> None:
        """Read the header and write the new one.

        Raises:
            TableInvalid: the header lacks the column, or has it twice.
        """
        self._lines = lines
        rows = iter(lines)
        head = list(islice(rows, _HEAD_LINES))
        self._header, self._delimiter, self._column = _header(head, text_column, lines.path)
        self._records = records(chain(head, rows), self._delimiter)
        next(self._records)
        self._writer = csv.writer(output, delimiter=self._delimiter)
        self._writer.writerow([neutralised(name) for name in renamed(self._header)] + list(ADDED))

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows as lists of cells, as many as the header has."""
        return in_chunks(map(self._fitted, self._records))

    def write(self, chunk: Chunk, verdicts: Sequence[Verdict]) -> None:
        """Write rows."""
        self._writer.writerows(
            [*map(neutralised, cells), *map(_cell, verdict)]
            for cells, verdict in zip(chunk.rows, verdicts, strict=True)
        )

    def done(self) -> float:
        """Return the bytes read."""
        return self._lines.position()

    def total(self) -> float:
        """Return the bytes of the file."""
        return self._lines.size

    def notes(self) -> tuple[str, ...]:
        """Say what was renamed and repaired."""
        return tuple(filter(None, (renaming_note(self._header), self._lines.note())))

    def _fitted(self, record: Record) -> tuple[list[str], str | RowProblem]:
        """Return exactly as many cells as the header has, none of the content lost, and the text."""
        cells, width = record.cells, len(self._header)
        problem = RowProblem.BROKEN_QUOTES if record.is_broken else None
        if len(cells) > width:
            # Some programs end every line with delimiters that mean nothing.
            if any(cells[width:]):
                cells[width - 1] = self._delimiter.join(cells[width - 1 :])
                # With one column the delimiter can only be part of the text.
                problem = problem or (RowProblem.TOO_MANY_COLUMNS if width > 1 else None)
            del cells[width:]
        elif len(cells) < width:
            cells += [""] * (width - len(cells))
            problem = problem or RowProblem.TOO_FEW_COLUMNS
        text = cells[self._column]
        return cells, problem or (text if text.strip() else RowProblem.NO_TEXT)


def _header(head: Sequence[str], text_column: str, path: Path) -> tuple[list[str], str, int]:
    """Return the names, the delimiter with which the text's is among them, and the position of that."""
    found = [(_first(head, delimiter), delimiter) for delimiter in DELIMITERS]
    for names, delimiter in found:
        stripped = [name.strip() for name in names]
        if stripped.count(text_column) > 1:
            raise TableInvalid(
                f"The header has the column `{text_column}` {stripped.count(text_column)} times.",
                where=str(path),
            )
        if text_column in stripped:
            return names, delimiter, stripped.index(text_column)
    names = max((names for names, _ in found), key=len)
    raise TableInvalid(
        f"There is no column `{text_column}` in the header; there are: {listed(names)}.",
        where=str(path),
        remedy="Name the column that holds the texts with --text-column.",
    )


def _first(head: Sequence[str], delimiter: str) -> list[str]:
    return next((record.cells for record in records(head, delimiter)), [])


def _cell(value: str | float | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return neutralised(value) if isinstance(value, str) else repr(value)
