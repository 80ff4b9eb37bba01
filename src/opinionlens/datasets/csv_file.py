"""Reading CSV: polars where a file is proven regular, else the csv module, row by row."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from opinionlens.datasets.card import BadBytes, Columns
from opinionlens.datasets.csv_records import records
from opinionlens.datasets.csv_regularity import regular_rows
from opinionlens.datasets.decoding import as_utf8, decode_marking, is_utf8, needs_repair, repair
from opinionlens.datasets.table import ROLES, Rejection, Row, Table, table_of_rows, wanted
from opinionlens.errors import DatasetMalformed

# Spreadsheets of some countries write semicolons under the name of CSV.
_SEPARATORS = (",", ";", "\t")


def read_csv(path: Path, columns: Columns, bad_bytes: BadBytes) -> Table:
    """The records of one file.

    Raises:
        DatasetMalformed: the header lacks a column that the card names.
    """
    data = as_utf8(path.read_bytes())
    header, separator = _header(data, columns, path)
    positions = tuple(None if name is None else header.index(name) for name in wanted(columns))
    if is_utf8(data):
        rows = regular_rows(data, separator)
        table = None if rows is None else _read_regular(data, separator, positions)
        if table is not None and table.rows_in == rows:
            return table
    return _read_record_by_record(data, separator, positions, len(header), bad_bytes)


def _header(data: bytes, columns: Columns, path: Path) -> tuple[list[str], str]:
    """The names of the columns and the separator with which the needed ones are among them."""
    first = decode_marking(data[: 1 << 16])
    headers = {separator: _first_record(first, separator) for separator in _SEPARATORS}
    needed = {name for name in wanted(columns) if name is not None}
    for separator, header in headers.items():
        if needed <= set(header):
            return header, separator
    header = max(headers.values(), key=len)
    absent = ", ".join(f"`{name}`" for name in sorted(needed - set(header)))
    raise DatasetMalformed(
        f"the header has no column {absent}; it reads: {repair(', '.join(header), BadBytes.REPLACE)[:500]}",
        where=str(path),
        remedy="Is it the file that the card describes, with its first line?",
    )


def _first_record(text: str, separator: str) -> list[str]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return [name.strip() for name in next(filter(None, reader), [])]
    except csv.Error:  # not text at all
        return []


def _read_regular(data: bytes, separator: str, positions: Sequence[int | None]) -> Table | None:
    used = sorted(position for position in positions if position is not None)
    try:
        # As text throughout: a column that looks like numbers must not lose "007" or change "4.0".
        frame = pl.read_csv(io.BytesIO(data), separator=separator, columns=used, infer_schema=False)
    except pl.exceptions.PolarsError:
        return None  # the exact reader will say what is wrong
    cells = [
        pl.lit(None, pl.String).alias(role)
        if position is None
        else pl.col(frame.columns[used.index(position)]).alias(role)
        for role, position in zip(ROLES, positions, strict=True)
    ]
    return Table(frame.select(cells))


def _read_record_by_record(
    data: bytes, separator: str, positions: Sequence[int | None], width: int, bad_bytes: BadBytes
) -> Table:
    lines = io.StringIO(decode_marking(data), newline="").readlines()
    rejected: Counter[Rejection] = Counter()
    rows: list[Row] = []
    repaired = 0
    found = records(lines, separator, width)
    next(found, None)  # the header
    for record in found:
        if isinstance(record, Rejection):
            rejected[record] += 1
            continue
        cells = [None if position is None else record[position] for position in positions]
        if any(cell is not None and needs_repair(cell) for cell in cells):
            repaired += 1
            cells = [None if cell is None else repair(cell, bad_bytes) for cell in cells]
        rows.append((cells[0], cells[1], cells[2], cells[3]))
    return table_of_rows(rows, rejected, repaired)
