"""Output files in every format.

They hold the rows of a source with added columns.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from opinionlens.base.wording import counted
from opinionlens.tabular.chunk import Chunk, RowSource, numbered, renamed
from opinionlens.tabular.encoding import without_surrogates
from opinionlens.tabular.formats import FileFormat, FormatKind
from opinionlens.tabular.header import listed
from opinionlens.tabular.packing import open_output
from opinionlens.tabular.spreadsheet import neutralised
from opinionlens.tabular.text_arrays import import_pyarrow

Value = str | float | bool | None
# The types of the values added to each row, by name: text, a number or a boolean.
Added = Mapping[str, type]

# Other programs read a row group at once: not too small for them, not too large for our memory.
_GROUP_ROWS = 50_000
_GROUP_BYTES = 32_000_000


class Target(Protocol):
    """An open output file."""

    def write(self, chunk: Chunk, values: Sequence[Sequence[Value]]) -> None:
        """Write the rows of a chunk with their added values."""

    def notes(self) -> tuple[str, ...]:
        """Return notes on changes to the content."""


class DelimitedTarget:
    """A delimited output file.

    Cells are quoted where they must be, with the line ends of RFC 4180.
    """

    def __init__(self, output: io.TextIOBase, delimiter: str, names: Sequence[str], is_safe: bool) -> None:
        """Write the header.

        Args:
            output: the open file.
            delimiter: the character between cells.
            names: the header.
            is_safe: whether an apostrophe keeps cells from being taken for formulas.
        """
        self._writer = csv.writer(output, delimiter=delimiter)
        self._is_safe = is_safe
        self._changed = 0
        self._write(names)

    def write(self, chunk: Chunk, values: Sequence[Sequence[Value]]) -> None:
        """Write rows."""
        for cells, added in zip(chunk.cells(), values, strict=True):
            self._write([*cells, *map(_cell, added)])

    def notes(self) -> tuple[str, ...]:
        """Return the number of changed cells as a note."""
        if not self._is_safe:
            return ()
        cells = counted(self._changed, "cell was", "cells were")
        return (f"{cells} changed for spreadsheets: an apostrophe stands where a formula could begin.",)

    def _write(self, cells: Sequence[str]) -> None:
        if self._is_safe:
            safe = [neutralised(cell) for cell in cells]
            self._changed += sum(new != old for new, old in zip(safe, cells, strict=True))
            cells = safe
        self._writer.writerow(cells)


class JsonTarget:
    """A JSON output file, one object a line.

    Brackets enclose them where the source is an array.
    """

    def __init__(
        self, output: io.TextIOBase, added: Sequence[str], is_array: bool, repeated: Sequence[str]
    ) -> None:
        """Take the open file.

        Args:
            output: the file.
            added: names of the added columns.
            is_array: whether brackets enclose the objects.
            repeated: names of several columns of the input.
        """
        self._output = output
        self._repeated = repeated
        self._added = added
        self._between = ",\n" if is_array else "\n"
        self.is_empty = True

    def write(self, chunk: Chunk, values: Sequence[Sequence[Value]]) -> None:
        """Write rows."""
        for members, row in zip(chunk.objects(self._added), values, strict=True):
            own = json.dumps(dict(zip(self._added, row, strict=True)))
            text = f"{{{members}, {own[1:]}" if members else own
            self._output.write(text if self.is_empty else self._between + text)
            self.is_empty = False

    def notes(self) -> tuple[str, ...]:
        """Return a note on columns that were numbered."""
        return _numbered_note(self._repeated)


class ParquetTarget:
    """A Parquet output file that keeps the columns' types.

    Added columns come last.
    """

    def __init__(self, writer: Any, schema: Any, repeated: Sequence[str]) -> None:  # noqa: ANN401 - pyarrow's
        """Take the open file, and names of several columns."""
        self._repeated = repeated
        self._writer = writer
        self._schema = schema
        self._pending: list[Any] = []
        self._pending_rows = 0
        self._pending_bytes = 0

    def write(self, chunk: Chunk, values: Sequence[Sequence[Value]]) -> None:
        """Collect rows for the next row group."""
        import pyarrow as pa

        own = chunk.arrays()
        fields = list(self._schema)[len(own) :]
        added = [
            pa.array(column, field.type)
            for column, field in zip(zip(*values, strict=True), fields, strict=True)
        ]
        batch = pa.RecordBatch.from_arrays([*own, *added], schema=self._schema)
        self._pending.append(batch)
        self._pending_rows += batch.num_rows
        self._pending_bytes += batch.nbytes
        if self._pending_bytes >= _GROUP_BYTES or self._pending_rows >= _GROUP_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write the pending batches as one row group."""
        import pyarrow as pa

        if self._pending:
            self._writer.write_table(pa.Table.from_batches(self._pending))
            self._pending, self._pending_rows, self._pending_bytes = [], 0, 0

    def notes(self) -> tuple[str, ...]:
        """Return a note on columns that were numbered."""
        return _numbered_note(self._repeated)


@contextmanager
def open_target(
    path: Path, form: FileFormat, source: RowSource, added: Added, *, stem: str, is_safe: bool
) -> Iterator[Target]:
    """Open an output for the rows of `source`.

    Args:
        path: where to write.
        form: the format, which may be another than that of `path`'s own name.
        source: the input.
        added: names and types of the columns behind those of the input.
        stem: the name of the file inside a zip archive, without its ending.
        is_safe: whether cells of delimited files are kept from being taken for formulas.

    Raises:
        TableInvalid: a package for the format is not installed.
    """
    with open_output(path, form, stem + form.ending) as stream:
        match form.kind:
            case FormatKind.DELIMITED:
                yield from _delimited(stream, form, source, list(added), is_safe)
            case FormatKind.JSON:
                yield from _json(stream, form, source, list(added))
            case FormatKind.PARQUET:
                yield from _parquet(stream, path, source, added)


def _delimited(
    stream: BinaryIO, form: FileFormat, source: RowSource, added: Sequence[str], is_safe: bool
) -> Iterator[Target]:
    names = [without_surrogates(name) for name in [*renamed(source.names, added), *added]]
    encoding = "utf-8-sig" if source.has_mark else "utf-8"
    output = io.TextIOWrapper(stream, encoding, newline="")
    try:
        yield DelimitedTarget(output, _delimiter(form, source), names, is_safe)
    finally:
        output.detach()


def _delimiter(form: FileFormat, source: RowSource) -> str:
    if form.ending == ".tsv":
        return "\t"
    return source.delimiter or ","


def _json(stream: BinaryIO, form: FileFormat, source: RowSource, added: Sequence[str]) -> Iterator[Target]:
    output = io.TextIOWrapper(stream, "utf-8", errors="backslashreplace", newline="\n")
    is_array = source.is_array and form.ending == ".json"
    try:
        output.write("[\n" if is_array else "")
        target = JsonTarget(output, added, is_array, source.repeated)
        yield target
        output.write("\n]\n" if is_array else "" if target.is_empty else "\n")
    finally:
        output.detach()


def _parquet(stream: BinaryIO, path: Path, source: RowSource, added: Added) -> Iterator[Target]:
    pa, pq = import_pyarrow(path)
    types = {str: pa.string(), float: pa.float64(), bool: pa.bool_()}
    own = source.schema()
    names = renamed(numbered(own.names), list(added))
    fields = [field.with_name(name) for field, name in zip(own, names, strict=True)]
    schema = pa.schema(
        [*fields, *((name, types[kind]) for name, kind in added.items())], metadata=own.metadata
    )
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        target = ParquetTarget(writer, schema, source.repeated)
        yield target
        target.flush()


def _numbered_note(repeated: Sequence[str]) -> tuple[str, ...]:
    if not repeated:
        return ()
    return (f"Several columns are called {listed(repeated)}; those behind the first got numbers.",)


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
