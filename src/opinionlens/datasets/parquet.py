"""Reading of Parquet datasets.

Columns are typed, so a record cannot be cut or ragged.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import polars as pl

from opinionlens.base.errors import DatasetMalformed
from opinionlens.datasets.card import Columns
from opinionlens.datasets.table import ROLES, Table, wanted
from opinionlens.tabular.packing import open_input, seekable


def read_parquet(path: Path, columns: Columns) -> Table:
    """Read the rows of one file, which may be packed.

    Raises:
        TableInvalid: it cannot be unpacked.
        DatasetMalformed: it is no whole Parquet file, lacks a column, or has lists where a text belongs.
    """
    with open_input(path) as opened, seekable(opened) as stream:
        return _read(stream, path, columns)


def _read(stream: BinaryIO, path: Path, columns: Columns) -> Table:
    names = wanted(columns)
    try:
        schema = pl.read_parquet_schema(stream)
        absent = ", ".join(f"`{name}`" for name in names if name is not None and name not in schema)
        if absent:
            raise DatasetMalformed(
                f"has no column {absent}; its columns: {', '.join(schema)}", where=str(path)
            )
        stream.seek(0)
        frame = pl.read_parquet(stream, columns=[name for name in names if name is not None])
        return Table(frame.select(map(_cells, ROLES, names)))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DatasetMalformed(
            f"cannot be read as Parquet: {reason}", where=str(path), remedy="Download or write it again."
        ) from error


def _cells(role: str, name: str | None) -> pl.Expr:
    if name is None:
        return pl.lit(None, pl.String).alias(role)
    return pl.col(name).cast(pl.String).alias(role)
