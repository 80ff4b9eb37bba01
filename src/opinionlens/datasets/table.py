"""The result of reading a file of labelled rows.

It has cells as text, and a count of the records that gave none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import polars as pl

from opinionlens.datasets.card import Columns
from opinionlens.tabular.row_problems import RowProblem

ROLES: Final = ("text", "label", "group", "time", "confidence")
SCHEMA: Final = dict.fromkeys(ROLES, pl.String)


class Rejection(StrEnum):
    """A reason why a record is not used.

    Each record has at most one: the first that applies.
    """

    BROKEN_QUOTES = "broken_quotes"  # a quoted field that is not closed as it should be
    CUT_OFF = "cut_off"  # the file ends inside the record
    MISSING_COLUMN = "missing_column"  # fewer fields than the header, or no such key
    EXTRA_COLUMN = "extra_column"  # more fields than the header
    NOT_JSON = "not_json"  # a line that is no JSON object
    NOT_TEXT = "not_text"  # a list or an object where a text or a label belongs
    NUL_CHARACTER = "nul_character"
    EMPTY_TEXT = "empty_text"
    MISSING_LABEL = "missing_label"
    UNKNOWN_LABEL = "unknown_label"
    IGNORED_LABEL = "ignored_label"  # the card leaves this label out


REJECTIONS: Final = {
    RowProblem.BROKEN_QUOTES: Rejection.BROKEN_QUOTES,
    RowProblem.CUT_OFF: Rejection.CUT_OFF,
    RowProblem.TOO_FEW_COLUMNS: Rejection.MISSING_COLUMN,
    RowProblem.TOO_MANY_COLUMNS: Rejection.EXTRA_COLUMN,
    RowProblem.NOT_JSON: Rejection.NOT_JSON,
    RowProblem.NOT_AN_OBJECT: Rejection.NOT_JSON,
}


@dataclass(frozen=True)
class Table:
    """The usable records of some files, as text cells.

    `frame` has the columns of `ROLES`; `rejected` counts the other records; `repaired` counts records with
    bytes that were not UTF-8.
    """

    frame: pl.DataFrame
    rejected: Counter[Rejection] = field(default_factory=Counter)
    repaired: int = 0

    @property
    def rows_in(self) -> int:
        """The number of records, usable or not."""
        return self.frame.height + self.rejected.total()


Row = tuple[str | None, str | None, str | None, str | None, str | None]


def table_of_rows(rows: Sequence[Row], rejected: Counter[Rejection], repaired: int) -> Table:
    """Build a table from rows of cells."""
    return Table(pl.DataFrame(rows, schema=SCHEMA, orient="row"), rejected, repaired)


def joined(tables: Iterable[Table]) -> Table:
    """Join several tables in order."""
    tables = list(tables)
    return Table(
        frame=pl.concat([pl.DataFrame(schema=SCHEMA), *(table.frame for table in tables)]),
        rejected=sum((table.rejected for table in tables), Counter()),
        repaired=sum(table.repaired for table in tables),
    )


def wanted(columns: Columns) -> tuple[str | None, ...]:
    """Return the column names in the order of `ROLES`."""
    return (columns.text, columns.label, columns.group, columns.time, columns.confidence)
