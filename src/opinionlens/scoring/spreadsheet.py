"""Keeping a cell from being taken for a formula (CWE-1236) when a CSV file is opened in a spreadsheet."""

from __future__ import annotations

import re

# What a spreadsheet may begin a formula with, directly or after throwing the character away.
_SUSPECT = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s?%?", re.ASCII)


def neutralised(cell: str) -> str:
    """Return the cell with an apostrophe in front where it could be a formula; numbers stay as they are."""
    if cell.startswith(_SUSPECT) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
