"""Reading of JSON datasets, object by object."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from opinionlens.datasets.card import Columns
from opinionlens.datasets.table import REJECTIONS, Rejection, Row, Table, table_of_rows, wanted
from opinionlens.tabular.encoding import BadBytes, needs_repair, repair, without_surrogates
from opinionlens.tabular.json_rows import open_json
from opinionlens.tabular.json_values import parse
from opinionlens.tabular.row_problems import RowProblem


def read_json(path: Path, columns: Columns, bad_bytes: BadBytes) -> Table:
    """Read the objects of one file.

    Raises:
        TableInvalid: it cannot be read, or is a damaged array.
    """
    rejected: Counter[Rejection] = Counter()
    rows: list[Row] = []
    repaired = 0
    with open_json(path, bad_bytes=None) as found:
        for source, content, problem in found:
            if content is None:
                rejected[REJECTIONS[problem or RowProblem.NOT_JSON]] += 1
                continue
            is_damaged = needs_repair(source)
            repaired += is_damaged
            row = _row(parse(repair(source, bad_bytes)) if is_damaged else content, columns)
            if isinstance(row, Rejection):
                rejected[row] += 1
            else:
                rows.append(row)
    return table_of_rows(rows, rejected, repaired)


def _row(content: dict[str, Any], columns: Columns) -> Row | Rejection:
    if columns.text not in content or columns.label not in content:
        return Rejection.MISSING_COLUMN
    cells = [None if name is None else content.get(name) for name in wanted(columns)]
    if any(isinstance(cell, dict | list) for cell in cells):
        return Rejection.NOT_TEXT
    text, label, group, time, confidence = map(_as_text, cells)
    return text, label, group, time, confidence


def _as_text(cell: object) -> str | None:
    return cell if cell is None else without_surrogates(cell if isinstance(cell, str) else json.dumps(cell))
