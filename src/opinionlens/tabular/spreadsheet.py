"""Protection of CSV cells against formula injection (CWE-1236).

A spreadsheet that opens the file must not take a cell for a formula.
"""

from __future__ import annotations

import re

# A formula may begin with these, or behind them where a spreadsheet drops the character; some spreadsheets
# take the full-width forms for the plain ones. A line inside a cell counts, too: importers cut cells there.
_SUSPECT = re.compile(r"(?:\A|(?<=[\r\n]))(?=[=+\-@\t\r＝＋－＠])")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s?%?", re.ASCII)


def neutralised(cell: str) -> str:
    """Put an apostrophe wherever a formula could begin.

    Numbers stay as they are.
    """
    if _NUMBER.fullmatch(cell):
        return cell
    return _SUSPECT.sub("'", cell)
