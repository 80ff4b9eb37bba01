"""Reading of delimited datasets.

Polars reads a file that is proven regular; any other is read by `tabular`, row by row.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from opinionlens.datasets.card import Columns
from opinionlens.datasets.csv_regularity import regular_rows
from opinionlens.datasets.table import REJECTIONS, ROLES, Rejection, Row, Table, table_of_rows, wanted
from opinionlens.tabular.delimited import open_delimited
from opinionlens.tabular.encoding import BadBytes, decode_marking, is_utf8, needs_repair, repair
from opinionlens.tabular.header import Header, read_header
from opinionlens.tabular.lines import open_lines
from opinionlens.tabular.packing import open_input


def read_delimited(path: Path, columns: Columns, bad_bytes: BadBytes) -> Table:
    """Read the rows of one file.

    Raises:
        TableInvalid: the header lacks a column that the card names, or the file cannot be read.
    """
    needed = {name for name in wanted(columns) if name is not None}
    with open_lines(path, None) as lines:
        header = read_header(lines, needed, lines.format.ending, path)
    positions = tuple(None if name is None else header.position(name) for name in wanted(columns))
    table = _read_regular(path, header, positions)
    return _read_row_by_row(path, needed, positions, bad_bytes) if table is None else table


def _read_regular(path: Path, header: Header, positions: Sequence[int | None]) -> Table | None:
    """Read a regular file with polars.

    None unless both readers are bound to agree.
    """
    if header.lines != 1:
        return None
    with open_input(path) as opened:
        data = opened.stream.read()
    if not is_utf8(data):
        data = decode_marking(data).encode("utf-8", "replace" if b"\0" in data[:256] else "surrogateescape")
    data = data.removeprefix(b"\xef\xbb\xbf")
    rows = regular_rows(data, header.delimiter) if is_utf8(data) else None
    if rows is None:
        return None
    used = sorted({position for position in positions if position is not None})
    try:
        # As text throughout: a column that looks like numbers must not lose "007" or change "4.0".
        frame = pl.read_csv(io.BytesIO(data), separator=header.delimiter, columns=used, infer_schema=False)
    except pl.exceptions.PolarsError:
        return None  # the exact reader will report the fault
    cells = [
        pl.lit(None, pl.String).alias(role)
        if position is None
        else pl.col(frame.columns[used.index(position)]).alias(role)
        for role, position in zip(ROLES, positions, strict=True)
    ]
    table = Table(frame.select(cells))
    return table if table.rows_in == rows else None


def _read_row_by_row(
    path: Path, needed: set[str], positions: Sequence[int | None], bad_bytes: BadBytes
) -> Table:
    rejected: Counter[Rejection] = Counter()
    rows: list[Row] = []
    repaired = 0
    with open_delimited(path, needed, bad_bytes=None) as found:
        for own, problem in found:
            if problem is not None:
                rejected[REJECTIONS[problem]] += 1
                continue
            cells = [None if position is None else own[position] for position in positions]
            if any(cell is not None and needs_repair(cell) for cell in cells):
                repaired += 1
                cells = [None if cell is None else repair(cell, bad_bytes) for cell in cells]
            text, label, group, time, confidence = cells
            rows.append((text, label, group, time, confidence))
    return table_of_rows(rows, rejected, repaired)
