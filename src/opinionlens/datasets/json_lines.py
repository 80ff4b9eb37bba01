"""Reading JSON lines: one object a line, each judged on its own."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from opinionlens.datasets.card import BadBytes, Columns
from opinionlens.datasets.decoding import as_utf8, decode_marking, needs_repair, repair, without_surrogates
from opinionlens.datasets.table import Rejection, Row, Table, table_of_rows, wanted


def read_json_lines(path: Path, columns: Columns, bad_bytes: BadBytes) -> Table:
    """The objects of one file; blank lines are no records."""
    text = decode_marking(as_utf8(path.read_bytes()))
    lines = text.split("\n")  # not splitlines: U+2028 may stand in a JSON string
    rejected: Counter[Rejection] = Counter()
    rows: list[Row] = []
    repaired = 0
    for number, marked in enumerate(lines, start=1):
        if not marked.strip():
            continue
        damaged = needs_repair(marked)
        repaired += damaged
        row = _row(repair(marked, bad_bytes) if damaged else marked, columns)
        if row is Rejection.NOT_JSON and number == len(lines):
            row = Rejection.CUT_OFF  # the last line, and no newline behind it
        if isinstance(row, Rejection):
            rejected[row] += 1
        else:
            rows.append(row)
    return table_of_rows(rows, rejected, repaired)


def _row(line: str, columns: Columns) -> Row | Rejection:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):  # RecursionError: thousands of open brackets
        return Rejection.NOT_JSON
    if not isinstance(value, dict):
        return Rejection.NOT_JSON
    if columns.text not in value or columns.label not in value:
        return Rejection.MISSING_COLUMN
    cells = [None if name is None else value.get(name) for name in wanted(columns)]
    if any(isinstance(cell, dict | list) for cell in cells):
        return Rejection.NOT_TEXT
    text, label, group, time = map(_as_text, cells)
    return text, label, group, time


def _as_text(cell: object) -> str | None:
    return cell if cell is None else without_surrogates(cell if isinstance(cell, str) else json.dumps(cell))
