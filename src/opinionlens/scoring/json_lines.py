"""JSON lines: one object a line. What the input says is passed on as it was written, digit by digit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from opinionlens.errors import TableInvalid
from opinionlens.scoring.columns import ADDED, RowProblem, Verdict, listed, renamed, renaming_note
from opinionlens.scoring.lines import Lines
from opinionlens.scoring.table import Chunk, in_chunks

RAW_LINE = "input_line"


class _Row(NamedTuple):
    line: str
    content: dict[str, Any] | None


@contextmanager
def open_json_lines(source: Path, target: Path, text_column: str) -> Iterator[JsonLinesTable]:
    """Open a file of JSON lines; see `table.OpenTable`."""
    with Lines(source) as lines, target.open("w", encoding="utf-8", newline="\n") as output:
        yield JsonLinesTable(lines, output, text_column)


class JsonLinesTable:
    """Blank lines are no rows; a line that is no object is kept as a string."""

    def __init__(self, lines: Lines, output: TextIO, text_column: str) -> None:
        """Read nothing yet: there is no header that could be wrong."""
        self._lines = lines
        self._output = output
        self._column = text_column
        self._note: str | None = None

    def chunks(self) -> Iterator[Chunk]:
        """Yield lines with what they mean.

        Raises:
            TableInvalid: none of the first rows has the column.
        """
        for number, chunk in enumerate(in_chunks(map(self._row, filter(str.strip, self._lines)))):
            if number == 0:
                self._check_column(chunk)
            yield chunk

    def write(self, chunk: Chunk, verdicts: Sequence[Verdict]) -> None:
        """Write objects."""
        for row, verdict in zip(chunk.rows, verdicts, strict=True):
            self._output.write(self._written(row, verdict))

    def done(self) -> float:
        """Return the bytes read."""
        return self._lines.position()

    def total(self) -> float:
        """Return the bytes of the file."""
        return self._lines.size

    def notes(self) -> tuple[str, ...]:
        """Say what was renamed and repaired."""
        return tuple(filter(None, (self._note, self._lines.note())))

    def _row(self, line: str) -> tuple[_Row, str | RowProblem]:
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):  # RecursionError: thousands of open brackets
            return _Row(line, None), RowProblem.NOT_JSON
        if not isinstance(content, dict):
            return _Row(line, None), RowProblem.NOT_AN_OBJECT
        text = content.get(self._column)
        if text is None or (isinstance(text, str) and not text.strip()):
            return _Row(line, content), RowProblem.NO_TEXT
        return _Row(line, content), text if isinstance(text, str) else RowProblem.NOT_TEXT

    def _check_column(self, chunk: Chunk) -> None:
        objects = [row.content for row in chunk.rows if row.content is not None]
        if any(self._column in content for content in objects):
            return
        names = {name: None for content in objects for name in content}
        raise TableInvalid(
            f"The first {len(chunk.rows):,} lines have no `{self._column}`; they have: {listed(names)}.",
            where=str(self._lines.path),
            remedy="Name the field that holds the texts with --text-column; each line must be an object.",
        )

    def _written(self, row: _Row, verdict: Verdict) -> str:
        added = json.dumps(verdict._asdict())
        if row.content is None:
            return f'{{"{RAW_LINE}": {json.dumps(row.line.strip())}, {added[1:]}\n'
        if not row.content:
            return f"{added}\n"
        if row.content.keys().isdisjoint(ADDED):
            # Spliced, not dumped again: 1.10 stays 1.10, and a number of thirty digits keeps them.
            return f"{row.line.strip().removesuffix('}')}, {added[1:]}\n"
        names = list(row.content)
        self._note = self._note or renaming_note(names)
        own = dict(zip(renamed(names), row.content.values(), strict=True))
        return json.dumps(own | verdict._asdict()) + "\n"
