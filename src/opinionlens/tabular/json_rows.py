"""Rows of JSON files, written as lines or an array."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from opinionlens.base.errors import TableInvalid
from opinionlens.tabular.encoding import BadBytes
from opinionlens.tabular.json_values import parse, values
from opinionlens.tabular.lines import Lines, open_lines
from opinionlens.tabular.row_problems import RowProblem

# An array is read as a whole; a longer one must be written as lines first.
MAX_ARRAY_CHARS = 50_000_000


class JsonRow(NamedTuple):
    """An object, its source text, or a problem.

    The source text has no line ends; `content` is None if it is no object.
    """

    source: str
    content: dict[str, Any] | None
    problem: RowProblem | None = None


class JsonRows:
    """The rows of a JSON file, in order.

    `is_array` says whether the file is one array.
    """

    def __init__(self, lines: Lines, is_document: bool, is_array: bool) -> None:
        """Take the lines from the start on."""
        self.lines = lines
        self.is_array = is_array
        self._is_document = is_document

    def __iter__(self) -> Iterator[JsonRow]:
        """Yield every row in order, skipping blank lines.

        Raises:
            TableInvalid: an array is damaged or too long.
        """
        if self._is_document:
            yield from self._of_document()
            return
        for line in filter(str.strip, self.lines):
            yield _row_of_line(line)

    def _of_document(self) -> Iterator[JsonRow]:
        text = _whole_text(self.lines)
        try:
            for source, value in values(text):
                yield _row(source.replace("\n", " ").replace("\r", " "), value)
        except ValueError as error:
            place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise TableInvalid(
                f"The file begins as {'a JSON array' if self.is_array else 'JSON over several lines'}, "
                f"but is not valid{place}: {reason}.",
                where=str(self.lines.path),
                remedy="Correct it there, or write one object a line.",
            ) from error


@contextmanager
def open_json(path: Path, bad_bytes: BadBytes | None = BadBytes.CP1252) -> Iterator[JsonRows]:
    """Open a JSON file that may be packed.

    Raises:
        TableInvalid: it cannot be opened.
    """
    with open_lines(path, bad_bytes) as lines:
        first, has_more = _first_line(lines)
    is_array = first.lstrip().startswith("[") and not (has_more and _is_json(first))
    is_document = is_array or (has_more and not _is_json(first) and _spans_lines(path))
    with open_lines(path, bad_bytes) as lines:
        yield JsonRows(lines, is_document, is_array)


def _row_of_line(line: str) -> JsonRow:
    # Files that were put one behind the other bring their byte order marks along.
    line = line.removeprefix("\ufeff")
    try:
        value = parse(line)
    except ValueError:
        is_cut = not line.endswith(("\n", "\r"))
        return JsonRow(line.strip(), None, RowProblem.CUT_OFF if is_cut else RowProblem.NOT_JSON)
    return _row(line.strip(), value)


def _row(source: str, value: Any) -> JsonRow:  # noqa: ANN401 - any JSON value
    if not isinstance(value, dict):
        return JsonRow(source, None, RowProblem.NOT_AN_OBJECT)
    return JsonRow(source, value)


def _is_json(line: str) -> bool:
    try:
        parse(line)
    except ValueError:
        return False
    return True


def _spans_lines(path: Path) -> bool:
    """Return whether the first object spans several lines."""
    with open_lines(path) as lines:
        try:
            first, _ = next(values(_whole_text(lines)))
        except (ValueError, StopIteration, TableInvalid):
            return False
    return "\n" in first or "\r" in first


def _first_line(lines: Lines) -> tuple[str, bool]:
    """Return the first non-blank line and whether others follow."""
    content = filter(str.strip, lines)
    try:
        return next(content, ""), next(content, None) is not None
    except TableInvalid as error:  # an endless line
        raise _too_long(lines) if lines.start.lstrip().startswith("[") else error from error


def _too_long(lines: Lines) -> TableInvalid:
    return TableInvalid(
        f"The file is a JSON array of more than {MAX_ARRAY_CHARS:,} characters.",
        where=str(lines.path),
        remedy=f"Write one object a line: jq -c '.[]' {lines.path.name} > {lines.path.stem}.jsonl",
    )


def _whole_text(lines: Lines) -> str:
    parts, chars = [], 0
    for line in lines:
        chars += len(line)
        if chars > MAX_ARRAY_CHARS:
            raise _too_long(lines)
        parts.append(line)
    return "".join(parts)
