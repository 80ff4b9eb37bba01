"""Reading Parquet: typed columns, so that a record cannot be cut or ragged."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from opinionlens.datasets.card import Columns
from opinionlens.datasets.table import ROLES, Table, wanted
from opinionlens.errors import DatasetMalformed


def read_parquet(path: Path, columns: Columns) -> Table:
    """The rows of one file.

    Raises:
        DatasetMalformed: it is no whole Parquet file, lacks a column, or has lists where a text belongs.
    """
    names = wanted(columns)
    try:
        schema = pl.read_parquet_schema(path)
        absent = ", ".join(f"`{name}`" for name in names if name is not None and name not in schema)
        if absent:
            raise DatasetMalformed(
                f"has no column {absent}; its columns: {', '.join(schema)}", where=str(path)
            )
        frame = pl.read_parquet(path, columns=[name for name in names if name is not None])
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
