"""A delimited file as a source of rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opinionlens.tabular.chunk import (
    Chunk,
    TextOrProblem,
    in_chunks,
    numbered,
    renamed,
    renamings,
    repeated,
)
from opinionlens.tabular.delimited import DelimitedRows, Row, open_delimited
from opinionlens.tabular.row_problems import RowProblem
from opinionlens.tabular.text_arrays import text_arrays, text_schema
from opinionlens.text.blank import is_blank


@dataclass(frozen=True)
class DelimitedChunk:
    """Rows of cells."""

    rows: list[list[str]]
    texts: Sequence[TextOrProblem]
    names: Sequence[str]

    def cells(self) -> list[list[str]]:
        """Return the cells."""
        return self.rows

    def objects(self, added: Sequence[str]) -> list[str]:
        """Return every cell as a JSON string."""
        keys = [json.dumps(name, ensure_ascii=False) for name in renamed(numbered(self.names), added)]
        return [
            ", ".join(
                f"{key}: {json.dumps(cell, ensure_ascii=False)}" for key, cell in zip(keys, row, strict=True)
            )
            for row in self.rows
        ]

    def arrays(self) -> list[Any]:
        """Return columns of text."""
        return text_arrays(self.rows, len(self.names))


class DelimitedSource:
    """A delimited file as a source; see `chunk.RowSource`.

    Every row has as many cells as the header.
    """

    is_array = False

    def __init__(self, rows: DelimitedRows, text_column: str) -> None:
        """Find the column of the texts."""
        self._rows = rows
        self._column = rows.header.position(text_column)
        self.names = [name.strip() if name.strip() else name for name in rows.header.names]
        # A delimiter that the ending implies need not be kept: the ending of the output implies its own.
        is_said = rows.lines.format.ending == ".tsv"
        self.delimiter: str | None = None if is_said else rows.header.delimiter
        self.has_mark = rows.lines.encoding.is_marked_utf8

    @property
    def repeated(self) -> Sequence[str]:
        """Names of several columns."""
        return repeated(self.names)

    def schema(self) -> Any:  # noqa: ANN401 - pyarrow's
        """Return text columns."""
        return text_schema(self.names)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows."""
        for rows, texts in in_chunks(map(self._with_text, self._rows)):
            yield DelimitedChunk(rows, texts, self.names)

    def renamings(self, added: Sequence[str]) -> Mapping[str, str]:
        """Return the names that were changed."""
        return renamings(self.names, added)

    def done(self) -> float:
        """Return the bytes read."""
        return self._rows.lines.position()

    def total(self) -> float:
        """Return the bytes of the file."""
        return self._rows.lines.size

    @property
    def unit(self) -> str:
        """Byte."""
        return "byte"

    def notes(self) -> tuple[str, ...]:
        """Return notes on unusual things in the file."""
        return self._rows.notes()

    def _with_text(self, row: Row) -> tuple[list[str], TextOrProblem]:
        text = row.cells[self._column]
        return row.cells, row.problem or (RowProblem.NO_TEXT if is_blank(text) else text)


@contextmanager
def open_delimited_source(path: Path, text_column: str) -> Iterator[DelimitedSource]:
    """Open a delimited file; see `opening.open_source`."""
    with open_delimited(path, {text_column}) as rows:
        yield DelimitedSource(rows, text_column)
