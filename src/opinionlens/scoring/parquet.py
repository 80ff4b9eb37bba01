"""Parquet: batches of columns. Every input column goes out with its type, unread but for the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opinionlens.errors import TableInvalid
from opinionlens.scoring.columns import RowProblem, Verdict, listed, renamed, renaming_note
from opinionlens.scoring.table import CHUNK_ROWS, Chunk

# A row group is what other programs read at once: not too small for them, not too large for our memory.
_GROUP_ROWS = 50_000
_GROUP_BYTES = 32_000_000


@contextmanager
def open_parquet(source: Path, target: Path, text_column: str) -> Iterator[ParquetTable]:
    """Open a Parquet file; see `table.OpenTable`."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise TableInvalid(
            "Parquet files need the package pyarrow, which is not installed.",
            where=str(source),
            remedy="Install the pipeline's packages (`make install`), or score CSV or JSON lines.",
        ) from error
    try:
        # Unbuffered: a row group is read page by page instead of as a whole.
        reader = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 20)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(error, source) from error
    with reader:
        column = _column(reader.schema_arrow, text_column, source)
        schema = _output_schema(reader.schema_arrow)
        with pq.ParquetWriter(target, schema, compression="zstd") as writer:
            table = ParquetTable(reader, writer, schema, column, source)
            yield table
            table.flush()


class ParquetTable:
    """Rows keep their batches; verdicts are appended as columns."""

    def __init__(self, reader: Any, writer: Any, schema: Any, column: int, source: Path) -> None:  # noqa: ANN401 - pyarrow's
        """Take both files, open."""
        self._reader = reader
        self._writer = writer
        self._schema = schema
        self._column = column
        self._source = source
        self._done = 0
        self._repaired = 0
        self._pending: list[Any] = []
        self._pending_bytes = 0

    def chunks(self) -> Iterator[Chunk]:
        """Yield batches.

        Raises:
            TableInvalid: the file is damaged behind its beginning.
        """
        import pyarrow as pa

        batches = self._reader.iter_batches(batch_size=CHUNK_ROWS)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise _unreadable(error, self._source) from error
            if batch is None:
                return
            self._done += batch.num_rows
            yield Chunk(batch, [_text(value) for value in self._strings(batch.column(self._column))])

    def write(self, chunk: Chunk, verdicts: Sequence[Verdict]) -> None:
        """Take a batch for writing."""
        import pyarrow as pa

        width = len(chunk.rows.columns)
        added = [
            pa.array(values, type=field.type)
            for values, field in zip(zip(*verdicts, strict=True), list(self._schema)[width:], strict=True)
        ]
        batch = pa.RecordBatch.from_arrays([*chunk.rows.columns, *added], schema=self._schema)
        self._pending.append(batch)
        self._pending_bytes += batch.nbytes
        if self._pending_bytes >= _GROUP_BYTES or len(self._pending) * CHUNK_ROWS >= _GROUP_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write the batches that wait as one row group."""
        import pyarrow as pa

        if self._pending:
            self._writer.write_table(pa.Table.from_batches(self._pending))
            self._pending, self._pending_bytes = [], 0

    def done(self) -> float:
        """Return the rows read."""
        return self._done

    def total(self) -> float:
        """Return the rows of the file."""
        return float(self._reader.metadata.num_rows)

    def notes(self) -> tuple[str, ...]:
        """Say what was renamed and repaired."""
        repaired = f"{self._repaired:,} texts are not UTF-8; their odd bytes were read as U+FFFD."
        return tuple(
            filter(
                None, (renaming_note(self._reader.schema_arrow.names), repaired if self._repaired else None)
            )
        )

    def _strings(self, column: Any) -> list[str | None]:  # noqa: ANN401 - an array
        import pyarrow as pa

        try:
            return list(column.to_pylist())
        except UnicodeDecodeError:  # Parquet promises UTF-8, and some writers do not keep it
            found = column.cast(pa.string()).cast(pa.binary()).to_pylist()
            texts = [None if value is None else value.decode("utf-8", "replace") for value in found]
            self._repaired += sum(text is not None and "\ufffd" in text for text in texts)
            return texts


def _column(schema: Any, text_column: str, source: Path) -> int:  # noqa: ANN401 - pyarrow's
    import pyarrow.types as types

    if schema.names.count(text_column) != 1:
        how_many = "no" if text_column not in schema.names else f"{schema.names.count(text_column)} times the"
        raise TableInvalid(
            f"There is {how_many} column `{text_column}`; there are: {listed(schema.names)}.",
            where=str(source),
            remedy="Name the column that holds the texts with --text-column.",
        )
    kind = schema.field(text_column).type
    kind = kind.value_type if types.is_dictionary(kind) else kind
    if not (types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)):
        raise TableInvalid(f"The column `{text_column}` holds {kind}, not text.", where=str(source))
    return int(schema.get_field_index(text_column))


def _output_schema(schema: Any) -> Any:  # noqa: ANN401 - pyarrow's
    import pyarrow as pa

    fields = [field.with_name(name) for field, name in zip(schema, renamed(schema.names), strict=True)]
    types = {"confidence": pa.float64(), "uncertain": pa.bool_()}
    added = [
        pa.field(name, pa.float64() if name.startswith("p_") else types.get(name, pa.string()))
        for name in Verdict._fields
    ]
    return pa.schema(fields + added, metadata=schema.metadata)


def _text(value: str | None) -> str | RowProblem:
    return value if value is not None and value.strip() else RowProblem.NO_TEXT


def _unreadable(error: Exception, source: Path) -> TableInvalid:
    return TableInvalid(
        f"The Parquet file cannot be read: {str(error).splitlines()[0]}.",
        where=str(source),
        remedy="It may have been cut off on the way: compare its size with the original.",
    )
