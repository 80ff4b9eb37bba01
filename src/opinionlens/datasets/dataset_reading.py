"""Reading of a dataset's files into labelled texts.

Every record that is left out is counted by its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import polars as pl

from opinionlens.base.errors import DatasetMalformed, TableInvalid
from opinionlens.base.files import sha256_of_file
from opinionlens.datasets.card import Card, Columns, Layout
from opinionlens.datasets.delimited_tables import read_delimited
from opinionlens.datasets.finding import Places, locate
from opinionlens.datasets.json_objects import read_json
from opinionlens.datasets.labelling import labelled_rows
from opinionlens.datasets.parquet import read_parquet
from opinionlens.datasets.table import Rejection, Table, joined
from opinionlens.datasets.tweet_eval_files import read_pair
from opinionlens.tabular.encoding import BadBytes
from opinionlens.tabular.formats import FormatKind
from opinionlens.tabular.packing import content_format

# UTF-8 that was read as Windows-1252 and written as UTF-8 again: "â€™" for an apostrophe, "Ã©" for "é".
_MOJIBAKE = "[ÂÃ][\u0080-\u00bf]|â€|ðŸ|ï»¿"

_Reason = TypeVar("_Reason", bound=StrEnum)


class Note(StrEnum):
    """A remarkable property of rows that are kept."""

    NOT_UTF8 = "not_utf8"  # bytes that were not UTF-8 were replaced as the card says
    MOJIBAKE = "mojibake"
    REPLACEMENT_CHARACTER = "replacement_character"  # U+FFFD: the original character is lost
    TIME_UNREADABLE = "time_unreadable"  # the time is not in a format of the card; it becomes null


@dataclass(frozen=True)
class DatasetRows:
    """The rows of one dataset as read.

    `frame` has the columns text, label, source, group, time, confidence.
    """

    card: Card
    frame: pl.DataFrame
    rejected: dict[Rejection, int]
    noted: dict[Note, int]

    @property
    def rows_in(self) -> int:
        """The number of records in the files, kept or rejected."""
        return self.frame.height + sum(self.rejected.values())


def read_dataset(card: Card, places: Places, on_rows: Callable[[int], None] | None = None) -> DatasetRows:
    """Read every file of a dataset.

    Args:
        card: the dataset.
        places: where its files are looked for.
        on_rows: called after each file with its number of records.

    Raises:
        DatasetMissing: no file is where it was looked for.
        DatasetMalformed: the files are not what the card describes, or no row of them is usable.
    """
    tables = []
    for path in locate(card, places):
        tables.append(_read_file(card, path))
        if on_rows is not None:
            on_rows(tables[-1].rows_in)
    table = joined(tables)
    labelled, rejected = labelled_rows(card, table)
    frame, unreadable = _with_times(card, labelled)
    reading = DatasetRows(
        card, frame, _occurring(table.rejected + rejected), _notes(frame, table.repaired, unreadable)
    )
    if frame.is_empty():
        reasons = ", ".join(f"{count} {reason}" for reason, count in reading.rejected.items())
        raise DatasetMalformed(
            f"no row of `{card.name}` is usable ({reasons or 'the file is empty'})",
            where=str(locate(card, places)[0]),
            remedy=card.how_to_get,
        )
    return reading


def _read_file(card: Card, path: Path) -> Table:
    try:
        if card.sha256 is not None and sha256_of_file(path) != card.sha256:
            raise DatasetMalformed(
                f"is not the file that the card of `{card.name}` describes: its SHA-256 differs",
                where=str(path),
                remedy=card.how_to_get,
            )
        if card.layout is Layout.TWEET_EVAL and path.suffix == ".txt":
            return read_pair(path, card.bad_bytes)
        return read_table(path, card.columns, card.bad_bytes)
    except TableInvalid as error:
        raise DatasetMalformed(error.what, where=error.where, remedy=error.remedy) from error
    except OSError as error:
        raise DatasetMalformed(f"cannot be read: {error.strerror or error}", where=str(path)) from error


def read_table(path: Path, columns: Columns, bad_bytes: BadBytes) -> Table:
    """Read a file of rows in its ending's format.

    Raises:
        TableInvalid: it is not of that format, or lacks a column.
        DatasetMalformed: a Parquet file is damaged, or lacks a column.
    """
    match content_format(path).kind:
        case FormatKind.DELIMITED:
            return read_delimited(path, columns, bad_bytes)
        case FormatKind.JSON:
            return read_json(path, columns, bad_bytes)
        case FormatKind.PARQUET:
            return read_parquet(path, columns)


def _with_times(card: Card, frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Convert times to ISO 8601 and count the unreadable ones.

    They stay as they are where the card does not say how they are written.
    """
    if not card.time_formats:
        return frame, 0
    shapes = [
        (form, "%Y-%m-%dT%H:%M:%S" + ("Z" if "%z" in form or form == "%s" else ""))
        for form in card.time_formats
    ]
    times = pl.coalesce(
        pl.col("time").str.to_datetime(form, strict=False).dt.strftime(shape) for form, shape in shapes
    )
    read = frame.with_columns(time=times)
    return read, frame["time"].count() - read["time"].count()


def _notes(frame: pl.DataFrame, repaired: int, unreadable: int) -> dict[Note, int]:
    text = pl.col("text")
    mojibake, lost = frame.select(
        text.str.contains(_MOJIBAKE).sum().alias("mojibake"),
        text.str.contains("\ufffd", literal=True).sum().alias("lost"),
    ).row(0)
    return _occurring(
        {
            Note.NOT_UTF8: repaired,
            Note.MOJIBAKE: mojibake,
            Note.REPLACEMENT_CHARACTER: lost,
            Note.TIME_UNREADABLE: unreadable,
        }
    )


def _occurring(counts: Mapping[_Reason, int]) -> dict[_Reason, int]:
    """Return the counts above 0, sorted by name.

    Reports of equal content are then equal.
    """
    return {reason: counts[reason] for reason in sorted(counts) if counts[reason]}
