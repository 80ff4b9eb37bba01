r"""The meaning of quotation marks in a file.

It is decided from the whole file.

1. The first rows that are beyond doubt give the shape: how many cells, which columns hold numbers or a few
   values only.
2. Lines with `\"` decide between doubled marks and backslashes: the reading that breaks fewer of them.
3. The records are read as if marks quoted cells. If that is contradicted again and again (marks that open a
   cell and never close it, marks in the middle of cells) and confirmed hardly ever (a delimiter, a line end
   or a doubled mark inside quotes, or most rows quoted), marks are characters like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from itertools import islice

from opinionlens.tabular.cells import Cells, Quoting, splitter
from opinionlens.tabular.delimited_records import DelimitedRecords, Tally
from opinionlens.tabular.shape import Shape

# So many rows with marks are enough to decide.
_MARKED_RECORDS = 100_000
_BACKSLASH_LINES = 20_000
# How many contradictions outweigh one confirmation.
_PER_NEED = 10
_PER_DOUBLED = 20
# Prose holds these, so that writers of such files quote; tabs and bars need no quotation marks.
_QUOTING_DELIMITERS = ",;"

LinesAgain = Callable[[], AbstractContextManager[Iterable[str]]]


def find_quoting(lines: LinesAgain, shape: Shape, ending: str) -> Quoting:
    """Decide the quoting, and teach `shape` the rows.

    Args:
        lines: opens the lines behind the header; it is called up to three times.
        shape: as many columns as the header has.
        ending: how the file's name ends; `.txt` with one column is rather a text a line.
    """
    with lines() as opened:
        if not shape.learn(opened):
            return Quoting.DOUBLED
    with lines() as opened:
        quoted = _quoted_form(opened, shape)
    with lines() as opened:
        records = DelimitedRecords(opened, shape, quoted)
        for _ in records:
            if records.tally.marked >= _MARKED_RECORDS:
                break
    return Quoting.NONE if _is_contradicted(records.tally, shape, ending == ".txt") else quoted


def _quoted_form(lines: Iterable[str], shape: Shape) -> Quoting:
    """Return the style of marks inside quoted cells."""
    candidates = (Quoting.DOUBLED, Quoting.BACKSLASH)
    readers = [splitter(shape.delimiter, quoting) for quoting in candidates]
    points = [0, 0]
    for line in islice((line for line in lines if '\\"' in line), _BACKSLASH_LINES):
        for place, reader in enumerate(readers):
            points[place] += _points(reader.start(line), shape.width)
    return candidates[1] if points[1] > points[0] else candidates[0]


def _points(cells: Cells, width: int) -> int:
    if cells.is_loose:
        return -1
    return int(cells.open is None and len(cells.done) == width)


def _is_contradicted(tally: Tally, shape: Shape, is_plain_text: bool) -> bool:
    contradictions = tally.literal + tally.plain
    if 2 * tally.closed > tally.records:
        return False
    if shape.width > 1 and shape.delimiter in _QUOTING_DELIMITERS and tally.closed >= contradictions:
        return False
    if shape.width == 1:
        # No number of cells can tell rows from lines of a text, so these confirm nothing.
        contradictions += is_plain_text * tally.multiline
        return contradictions > tally.needed + tally.doubled
    return (
        contradictions > 0
        and _PER_NEED * (tally.needed + tally.multiline) <= contradictions
        and _PER_DOUBLED * tally.doubled <= contradictions
    )
