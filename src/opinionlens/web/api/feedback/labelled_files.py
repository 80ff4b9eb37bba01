"""Export of feedback as a file of labelled texts.

The pipeline takes such a file as one of `data.files`. Both formats have the columns text, label, source,
time. JSON lines keep every text exactly. CSV is opened in spreadsheets, and feedback is open to all readers:
a text that a spreadsheet would take for a formula gets an apostrophe in front, as with `opinionlens predict
--spreadsheet-safe`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

from opinionlens.storage.feedback import LabelledRow
from opinionlens.tabular.spreadsheet import neutralised

# As many as `feedback.labelled_rows` reads at a time.
ROWS_AT_ONCE = 1_000
COLUMNS = ("text", "label", "source", "time")


class Format(Protocol):
    """File format for rows of feedback."""

    @property
    def media_type(self) -> str:
        """Its name in HTTP."""

    @property
    def head(self) -> str:
        """Text before the first row."""

    def lines(self, rows: Iterable[LabelledRow]) -> str:
        """Return the rows, each with its line end."""


class _Csv:
    media_type = "text/csv"
    head = ",".join(COLUMNS) + "\r\n"

    def lines(self, rows: Iterable[LabelledRow]) -> str:
        written = io.StringIO(newline="")
        writer = csv.writer(written)
        writer.writerows([neutralised(cell) for cell in _cells(row)] for row in rows)
        return written.getvalue()


class _JsonLines:
    media_type = "application/jsonl"
    head = ""

    def lines(self, rows: Iterable[LabelledRow]) -> str:
        values = (dict(zip(COLUMNS, _cells(row), strict=True)) for row in rows)
        return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


FORMATS: Mapping[str, Format] = {"csv": _Csv(), "jsonl": _JsonLines()}


def written(form: Format, rows: Iterable[LabelledRow]) -> Iterator[str]:
    """Yield the file piece by piece.

    The rows of a piece are read from `rows` only when it is its turn.
    """
    waiting, head = iter(rows), form.head
    while True:
        portion = list(islice(waiting, ROWS_AT_ONCE))
        if head or portion:
            yield head + form.lines(portion)
        if len(portion) < ROWS_AT_ONCE:
            return
        head = ""


def _cells(row: LabelledRow) -> tuple[str, str, str, str]:
    return row.text, row.label.value, row.source, row.time.isoformat()
