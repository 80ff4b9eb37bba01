"""Cells of delimited lines, by the meaning of quotation marks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

# Comma first: of two that fit, it wins. Spreadsheets of some countries write semicolons and say CSV.
DELIMITERS = (",", ";", "\t", "|")


class Quoting(Enum):
    """The meaning of a quotation mark in a file."""

    DOUBLED = "doubled"  # RFC 4180: a quoted cell, with two marks for one inside
    BACKSLASH = "backslash"  # a quoted cell, with a backslash before a mark inside (Spark, MySQL)
    NONE = "none"  # a character like any other


@dataclass
class Cells:
    """A partly read record.

    Attributes:
        done: the cells that are complete.
        open: the parts of a quoted cell that goes on in the next line; None if there is none.
        quoted: how many cells were quoted.
        is_loose: a mark inside a quoted cell neither closed it nor was doubled or escaped.
        has_stray: a cell that is not quoted holds a mark.
        has_need: a quoted cell holds the delimiter.
        has_doubled: a quoted cell holds a mark, doubled or escaped.
    """

    done: list[str] = field(default_factory=list)
    open: list[str] | None = None
    quoted: int = 0
    is_loose: bool = False
    has_stray: bool = False
    has_need: bool = False
    has_doubled: bool = False

    def with_rest(self) -> list[str]:
        """Return the cells, ending with the open incomplete one."""
        return self.done if self.open is None else [*self.done, "".join(self.open)]


class Splitter:
    """A splitter of lines for one delimiter and quoting."""

    def __init__(self, delimiter: str, quoting: Quoting) -> None:
        """Prepare the patterns.

        Args:
            delimiter: one character.
            quoting: DOUBLED or BACKSLASH; where marks mean nothing, `str.split` is enough.
        """
        self.delimiter = delimiter
        blank = "[ ]" if delimiter == "\t" else "[ \t]"
        self._opening = re.compile(f'{blank}*"')
        self._closing = re.compile(f"{blank}*(?:{re.escape(delimiter)}|\\Z)")
        escaped = '""' if quoting is Quoting.DOUBLED else r'""|\\[\\"]'
        self._mark = re.compile(f'({escaped})|"')
        self._escaped = re.compile(escaped)

    def start(self, line: str) -> Cells:
        """Split the first line of a record."""
        cells = Cells()
        self._take(cells, body_of(line), line, 0)
        return cells

    def go_on(self, cells: Cells, line: str) -> None:
        """Split a further line of an unfinished record."""
        body = body_of(line)
        at = self._quoted(cells, body, line, 0)
        if at is not None:
            self._take(cells, body, line, at)

    def _take(self, cells: Cells, body: str, line: str, at: int | None) -> None:
        while at is not None:
            opening = self._opening.match(body, at)
            if opening:
                cells.open = []
                cells.quoted += 1
                at = self._quoted(cells, body, line, opening.end())
                continue
            end = body.find(self.delimiter, at)
            cell = body[at:] if end < 0 else body[at:end]
            cells.has_stray = cells.has_stray or '"' in cell
            cells.done.append(cell)
            at = None if end < 0 else end + 1

    def _quoted(self, cells: Cells, body: str, line: str, at: int) -> int | None:
        """Read the inside of a quoted cell.

        Returns:
            Where the next cell begins; None behind the last one.
        """
        parts = cells.open if cells.open is not None else []
        for mark in self._mark.finditer(body, at):
            if mark[1] is not None:
                cells.has_doubled = True
                continue
            closing = self._closing.match(body, mark.end())
            if closing is None:
                cells.is_loose = True
                continue
            content = "".join([*parts, body[at : mark.start()]])
            cells.has_need = cells.has_need or self.delimiter in content
            cells.done.append(self._escaped.sub(lambda found: found[0][1], content))
            cells.open = None
            return closing.end() if closing[0].endswith(self.delimiter) else None
        parts.append(line[at:])
        cells.open = parts
        return None


@lru_cache(64)
def splitter(delimiter: str, quoting: Quoting) -> Splitter:
    """Return the splitter of a dialect."""
    return Splitter(delimiter, quoting)


def body_of(line: str) -> str:
    """Return the line without its end."""
    if line.endswith("\r\n"):
        return line[:-2]
    return line[:-1] if line.endswith(("\n", "\r")) else line
