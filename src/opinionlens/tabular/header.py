"""The header of a delimited file: column names and delimiter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from opinionlens.base.errors import TableInvalid
from opinionlens.tabular.cells import DELIMITERS, Quoting, body_of, splitter

_HEAD_LINES = 50
# The line that tells Excel the delimiter.
_HINT = re.compile(r'"?sep=([^"\r\n])"?', re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """The contents of a delimited file's header.

    Attributes:
        names: the names of the columns, as written.
        delimiter: one character.
        lines: how many lines it takes, with blank ones before it.
        has_hint: whether a line `sep=…` stands in front of it.
    """

    names: tuple[str, ...]
    delimiter: str
    lines: int
    has_hint: bool = False

    def position(self, name: str) -> int:
        """Return the position of a named column."""
        return [each.strip() for each in self.names].index(name)


def read_header(lines: Iterable[str], needed: Set[str], ending: str, path: Path) -> Header:
    """Read the header, choosing the delimiter by the needed columns.

    Args:
        lines: the file from its start on; a few of them are taken.
        needed: names that must be among the columns.
        ending: how the file's name ends; in `.tsv` a tab goes before a comma.
        path: for messages.

    Raises:
        TableInvalid: a needed column is not there, or there twice.
    """
    head = list(islice(lines, _HEAD_LINES))
    first = next((place for place, line in enumerate(head) if body_of(line)), len(head))
    hint = _HINT.fullmatch(body_of(head[first])) if first < len(head) else None
    if hint:
        first += 1
        while first < len(head) and not body_of(head[first]):
            first += 1
    order = (hint[1],) if hint else ("\t", *DELIMITERS) if ending == ".tsv" else DELIMITERS
    found = [_header(head, first, delimiter, bool(hint)) for delimiter in dict.fromkeys(order)]
    fitting = [header for header in found if needed <= {name.strip() for name in header.names}]
    if not fitting:
        _raise_missing(max(found, key=lambda header: len(header.names)), needed, path)
    header = max(fitting, key=lambda header: len(header.names))
    names = [name.strip() for name in header.names]
    for name in needed:
        if names.count(name) > 1:
            raise TableInvalid(
                f"The header has the column `{name}` {names.count(name)} times.", where=str(path)
            )
    return header


def listed(names: Iterable[str], limit: int = 30) -> str:
    """Format names for a message, at most `limit` of them.

    Invisible characters are spelt out.
    """
    shown = [f"`{_escape_invisible(name[:60])}`" for name in names]
    more = f" and {len(shown) - limit} more" if len(shown) > limit else ""
    return ", ".join(shown[:limit]) + more if shown else "none"


def _header(head: Sequence[str], first: int, delimiter: str, has_hint: bool) -> Header:
    if first >= len(head):
        return Header((), delimiter, len(head), has_hint)
    reader = splitter(delimiter, Quoting.DOUBLED)
    cells = reader.start(head[first])
    end = first + 1
    while cells.open is not None and end < len(head):
        reader.go_on(cells, head[end])
        end += 1
    if cells.open is not None or cells.is_loose:
        return Header(tuple(body_of(head[first]).split(delimiter)), delimiter, first + 1, has_hint)
    return Header(tuple(cells.done), delimiter, end, has_hint)


def _raise_missing(header: Header, needed: Set[str], path: Path) -> None:
    absent = ", ".join(f"`{name}`" for name in sorted(needed - {name.strip() for name in header.names}))
    raise TableInvalid(
        f"There is no column {absent} in the header; there are: {listed(header.names)}.", where=str(path)
    )


def _escape_invisible(name: str) -> str:
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in name)
