"""A JSON file as a source of rows.

Its values are passed on as they are written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from opinionlens.base.errors import TableInvalid
from opinionlens.base.wording import counted
from opinionlens.tabular.chunk import Chunk, TextOrProblem, in_chunks, renamed, renamings
from opinionlens.tabular.encoding import without_surrogates
from opinionlens.tabular.header import listed
from opinionlens.tabular.json_rows import JsonRow, JsonRows, open_json
from opinionlens.tabular.json_values import members
from opinionlens.tabular.row_problems import RAW_LINE, RowProblem
from opinionlens.tabular.text_arrays import text_arrays, text_schema
from opinionlens.text.blank import is_blank

# An object may have any names; a table with more columns than this is no table.
MAX_COLUMNS = 10_000


@dataclass(frozen=True)
class JsonChunk:
    """Objects with their source text."""

    rows: list[JsonRow]
    texts: Sequence[TextOrProblem]
    source: JsonSource

    def cells(self) -> list[list[str]]:
        """Return all values as text cells.

        Strings stay as they are, other values become JSON, null and absent ones empty cells.
        """
        return [[cells.get(name, "") for name in self.source.names] for cells in map(_cells, self.rows)]

    def objects(self, added: Sequence[str]) -> list[str]:
        """Return the source text of the members.

        Only names that collide are written anew.
        """
        return [self._object(row, added) for row in self.rows]

    def arrays(self) -> list[Any]:
        """Return columns of text."""
        return text_arrays(self.cells(), len(self.source.names))

    def _object(self, row: JsonRow, added: Sequence[str]) -> str:
        if row.content is None:
            return f'"{RAW_LINE}": {json.dumps(row.source)}'
        if row.content.keys().isdisjoint(added):
            return row.source[1:-1].strip()
        found = members(row.source)
        unique = list(dict.fromkeys(name for name, _ in found))
        names = dict(zip(unique, renamed(unique, added), strict=True))
        self.source.collisions.update({old: new for old, new in names.items() if old != new})
        return ", ".join(f"{json.dumps(names[name])}: {value}" for name, value in found)


class JsonSource:
    """A JSON file as a source; see `chunk.RowSource`.

    Each row has names of its own.
    """

    delimiter: str | None = None
    has_mark = False

    def __init__(self, rows: JsonRows, text_column: str) -> None:
        """Read nothing yet, as there is no header to check."""
        self._rows = rows
        self._column = text_column
        self.is_array = rows.is_array
        self.collisions: dict[str, str] = {}

    @cached_property
    def names(self) -> list[str]:
        """All names that occur, in order of appearance.

        The file is read once more for them.

        Raises:
            TableInvalid: there are too many for a table.
        """
        found: dict[str, None] = {}
        with open_json(self._rows.lines.path) as rows:
            for row in rows:
                found.update(dict.fromkeys(row.content if row.content is not None else (RAW_LINE,)))
                if len(found) > MAX_COLUMNS:
                    raise TableInvalid(
                        f"The objects have more than {MAX_COLUMNS:,} different names.",
                        where=str(self._rows.lines.path),
                        remedy="Write the output as JSON lines: give it a name that ends in .jsonl.",
                    )
        return list(found)

    @property
    def repeated(self) -> Sequence[str]:
        """None: of a name given twice the last value counts."""
        return ()

    def schema(self) -> Any:  # noqa: ANN401 - pyarrow's
        """Return text columns."""
        return text_schema(self.names)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows.

        Raises:
            TableInvalid: none of the first rows has the column.
        """
        for number, (rows, texts) in enumerate(in_chunks(map(self._with_text, self._rows))):
            if number == 0:
                self._check_column(rows)
            yield JsonChunk(rows, texts, self)

    def renamings(self, added: Sequence[str]) -> Mapping[str, str]:
        """Return the names changed in the rows so far."""
        return self.collisions or (renamings(self.names, added) if "names" in vars(self) else {})

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
        return self._rows.lines.notes()

    def _with_text(self, row: JsonRow) -> tuple[JsonRow, TextOrProblem]:
        if row.content is None:
            return row, row.problem or RowProblem.NOT_JSON
        text = row.content.get(self._column)
        if text is None or (type(text) is str and is_blank(text)):
            return row, RowProblem.NO_TEXT
        return row, text if type(text) is str else RowProblem.NOT_TEXT

    def _check_column(self, rows: Sequence[JsonRow]) -> None:
        objects = [row.content for row in rows if row.content is not None]
        if any(self._column in content for content in objects):
            return
        names = dict.fromkeys(name for content in objects for name in content)
        looked_at = counted(len(rows), "row has", "rows have")
        raise TableInvalid(
            f"The first {looked_at} no `{self._column}`; known there: {listed(names)}.",
            where=str(self._rows.lines.path),
            remedy="Name the field that holds the texts with --text-column; each row must be an object.",
        )


def _cells(row: JsonRow) -> dict[str, str]:
    if row.content is None:
        return {RAW_LINE: without_surrogates(row.source)}
    return {name: _cell(row.content[name], source) for name, source in members(row.source)}


def _cell(value: object, source: str) -> str:
    if value is None:
        return ""
    return without_surrogates(value) if type(value) is str else source


@contextmanager
def open_json_source(path: Path, text_column: str) -> Iterator[JsonSource]:
    """Open a JSON file; see `opening.open_source`."""
    with open_json(path) as rows:
        yield JsonSource(rows, text_column)
