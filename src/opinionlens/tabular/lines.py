"""Lines of a text file, each with its line end."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opinionlens.base.errors import TableInvalid
from opinionlens.base.wording import counted
from opinionlens.tabular.encoding import BadBytes, detect_encoding, needs_repair, repair
from opinionlens.tabular.packing import Opened, open_input

# A longer line is no row of texts; reading it would take memory without bound.
MAX_LINE_CHARS = 50_000_000


class Lines:
    """The lines of a text file, decoded one by one.

    Bytes that are no UTF-8 are replaced, or left marked for the caller. A lone carriage return ends a line,
    too (old Macintoshes).
    """

    def __init__(self, opened: Opened, bad_bytes: BadBytes | None = BadBytes.CP1252) -> None:
        """Detect the encoding.

        Args:
            opened: the file.
            bad_bytes: how to replace bytes that are no UTF-8; None leaves them marked.
        """
        self.path = opened.path
        self.format = opened.format
        self.size = opened.size
        self.repaired = 0
        self._opened = opened
        self._bad_bytes = bad_bytes
        start = opened.stream.peek(256)[:256]
        self.encoding = detect_encoding(start)
        self.start = start[self.encoding.mark_bytes :].decode(self.encoding.codec, "replace")
        opened.stream.read(self.encoding.mark_bytes)
        # In UTF-16 no byte can be marked: it would be half of a character.
        errors = "surrogateescape" if self.encoding.codec == "utf-8" else "replace"
        self._text = io.TextIOWrapper(opened.stream, encoding=self.encoding.codec, errors=errors, newline="")

    def __iter__(self) -> Iterator[str]:
        """Yield every line.

        Raises:
            TableInvalid: a line is longer than any row.
        """
        while line := self._text.readline(MAX_LINE_CHARS):
            if len(line) >= MAX_LINE_CHARS:
                raise TableInvalid(
                    f"A line is longer than {MAX_LINE_CHARS:,} characters.", where=str(self.path)
                )
            yield line if line.isascii() or self._bad_bytes is None else self._repair(line)

    def position(self) -> int:
        """Return how many bytes of the file have been read."""
        return self._opened.position()

    def notes(self) -> tuple[str, ...]:
        """Return notes on unusual things in the encoding."""
        lines = counted(self.repaired, "line is", "lines are")
        odd = f"{lines} not UTF-8; odd bytes were read as Windows-1252."
        return tuple(filter(None, (self.encoding.note, odd if self.repaired else None)))

    def close(self) -> None:
        """Detach from the stream without closing it."""
        self._text.detach()

    def _repair(self, line: str) -> str:
        if not needs_repair(line):
            return line
        self.repaired += 1
        return repair(line, self._bad_bytes or BadBytes.CP1252)


@contextmanager
def open_lines(path: Path, bad_bytes: BadBytes | None = BadBytes.CP1252) -> Iterator[Lines]:
    """Open a text file that may be packed.

    Raises:
        TableInvalid: it cannot be opened, or is not what its name says.
    """
    with open_input(path) as opened:
        lines = Lines(opened, bad_bytes)
        try:
            yield lines
        finally:
            lines.close()
