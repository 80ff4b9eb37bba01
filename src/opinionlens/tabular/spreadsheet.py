"""Keeping a cell from being taken for a formula (CWE-1236) when a CSV file is opened in a spreadsheet."""

from __future__ import annotations

import re

# What a spreadsheet may begin a formula with, directly or after throwing the character away; the full-width
# forms are what some turn into them. A line inside a cell counts, too: importers cut cells there.
_SUSPECT = re.compile(r"(?:\A|(?<=[\r\n]))(?=[=+\-@\t\r＝＋－＠])")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s?%?", re.ASCII)


def neutralised(cell: str) -> str:
    """Return the cell with an apostrophe wherever a formula could begin; numbers stay as they are."""
    if _NUMBER.fullmatch(cell):
        return cell
    return _SUSPECT.sub("'", cell)
