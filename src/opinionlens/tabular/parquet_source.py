"""A Parquet file as a source of rows.

Batches of columns are passed on; where types are kept, only the texts are converted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opinionlens.base.errors import TableInvalid
from opinionlens.base.wording import counted
from opinionlens.tabular.chunk import (
    CHUNK_ROWS,
    Chunk,
    TextOrProblem,
    numbered,
    renamed,
    renamings,
    repeated,
)
from opinionlens.tabular.header import listed
from opinionlens.tabular.packing import open_input, seekable
from opinionlens.tabular.row_problems import RowProblem
from opinionlens.tabular.text_arrays import import_pyarrow
from opinionlens.text.blank import is_blank


@dataclass(frozen=True)
class ParquetChunk:
    """A batch of Arrow columns."""

    batch: Any
    texts: Sequence[TextOrProblem]
    names: Sequence[str]

    def cells(self) -> list[list[str]]:
        """Return all values as text cells.

        Strings stay as they are, other values become JSON or ISO 8601, null an empty cell.
        """
        return [[_cell(value) for value in row] for row in self._rows()]

    def objects(self, added: Sequence[str]) -> list[str]:
        """Return the values as JSON.

        Types that JSON lacks are written as strings.
        """
        keys = [json.dumps(name) for name in renamed(numbered(self.names), added)]
        return [
            ", ".join(f"{key}: {_json(value)}" for key, value in zip(keys, row, strict=True))
            for row in self._rows()
        ]

    def arrays(self) -> list[Any]:
        """Return the columns as they are."""
        return list(self.batch.columns)

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        return zip(*(_values(column)[0] for column in self.batch.columns), strict=True)


class ParquetSource:
    """A Parquet file as a source; see `chunk.RowSource`.

    Rows stay in their batches.
    """

    delimiter: str | None = None
    has_mark = False
    is_array = False

    def __init__(self, reader: Any, column: int, path: Path) -> None:  # noqa: ANN401 - pyarrow's
        """Take the open file."""
        self._reader = reader
        self._column = column
        self._path = path
        self._done = 0
        self._repaired = 0
        self.names = list(reader.schema_arrow.names)

    @property
    def repeated(self) -> Sequence[str]:
        """Names of several columns."""
        return repeated(self.names)

    def schema(self) -> Any:  # noqa: ANN401 - pyarrow's
        """Return the file's own schema."""
        return self._reader.schema_arrow

    def chunks(self) -> Iterator[Chunk]:
        """Yield batches.

        Raises:
            TableInvalid: the file is damaged behind its beginning.
        """
        pa, _ = import_pyarrow(self._path)
        batches = self._reader.iter_batches(batch_size=CHUNK_ROWS)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise unreadable(error, self._path) from error
            if batch is None:
                return
            self._done += batch.num_rows
            values, repaired = _values(batch.column(self._column))
            self._repaired += repaired
            yield ParquetChunk(batch, [_text(value) for value in values], self.names)

    def renamings(self, added: Sequence[str]) -> Mapping[str, str]:
        """Return the names that were changed."""
        return renamings(self.names, added)

    def done(self) -> float:
        """Return the rows read."""
        return self._done

    def total(self) -> float:
        """Return the rows of the file."""
        return float(self._reader.metadata.num_rows)

    @property
    def unit(self) -> str:
        """Row."""
        return "row"

    def notes(self) -> tuple[str, ...]:
        """Return notes on unusual things in the file."""
        if not self._repaired:
            return ()
        texts = counted(self._repaired, "text is", "texts are")
        return (f"{texts} not UTF-8; odd bytes were read as U+FFFD.",)


@contextmanager
def open_parquet_source(path: Path, text_column: str) -> Iterator[ParquetSource]:
    """Open a Parquet file; see `opening.open_source`."""
    pa, pq = import_pyarrow(path)
    with open_input(path) as opened, seekable(opened) as stream:
        try:
            # Unbuffered: a row group is read page by page instead of as a whole.
            reader = pq.ParquetFile(stream, pre_buffer=False, buffer_size=1 << 20)
        except (pa.ArrowException, OSError) as error:
            raise unreadable(error, path) from error
        with reader:
            yield ParquetSource(reader, _position(reader.schema_arrow, text_column, path), path)


def unreadable(error: Exception, path: Path) -> TableInvalid:
    """Return the error for a damaged file."""
    return TableInvalid(
        f"The Parquet file cannot be read: {str(error).splitlines()[0]}.",
        where=str(path),
        remedy="It may have been cut off on the way: compare its size with the original.",
    )


def _position(schema: Any, text_column: str, path: Path) -> int:  # noqa: ANN401 - pyarrow's
    import pyarrow.types as types

    times = schema.names.count(text_column)
    if times != 1:
        how_many = "no" if not times else f"{times} times the"
        raise TableInvalid(
            f"There is {how_many} column `{text_column}`; there are: {listed(schema.names)}.", where=str(path)
        )
    kind = schema.field(text_column).type
    kind = kind.value_type if types.is_dictionary(kind) else kind
    if not (types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)):
        raise TableInvalid(f"The column `{text_column}` holds {kind}, not text.", where=str(path))
    return int(schema.get_field_index(text_column))


def _values(column: Any) -> tuple[list[Any], int]:  # noqa: ANN401 - an array
    """Return the values as Python's, and a count of repairs.

    Parquet promises UTF-8, but some writers do not keep to it.
    """
    import pyarrow as pa

    try:
        return list(column.to_pylist()), 0
    except (OverflowError, pa.ArrowException):
        return [_as_python(scalar) for scalar in column], 0
    except UnicodeDecodeError:
        found = column.cast(pa.string()).cast(pa.binary()).to_pylist()
        texts = [None if value is None else value.decode("utf-8", "replace") for value in found]
        return texts, sum(text is not None and "\ufffd" in text for text in texts)


def _as_python(scalar: Any) -> object:  # noqa: ANN401 - pyarrow's
    """Return the value; a number for dates unknown to Python.

    Arrow knows years beyond 9999, as overflows in other programs make them.
    """
    import pyarrow as pa

    try:
        return scalar.as_py()
    except (OverflowError, pa.ArrowException):
        return (
            getattr(scalar, "value", None)
            if pa.types.is_temporal(scalar.type)
            else f"no {scalar.type} that Python has"
        )


def _text(value: str | None) -> TextOrProblem:
    return RowProblem.NO_TEXT if value is None or is_blank(value) else value


def _json(value: object) -> str:
    try:
        return json.dumps(value, default=_cell, allow_nan=False)
    except ValueError:  # JSON has no NaN and no infinity
        return "null" if isinstance(value, float) else json.dumps(str(value))


def _cell(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool | int | float | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat()) if isoformat else str(value)
