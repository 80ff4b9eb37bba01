"""Lines of a text file whose encoding nobody wrote down, one at a time."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from opinionlens.errors import TableInvalid

# A longer line is no row of texts; reading it would take memory without bound.
MAX_LINE_CHARS = 50_000_000
# Python marks a byte that is not UTF-8 with one of these code points (PEP 383), which no real text holds.
_MARKED = re.compile("[\udc80-\udcff]")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Lines:
    """Reads UTF-8 (or UTF-16 with its mark); a byte that is no UTF-8 is read as Windows-1252, line by line.

    So a file of mixed origins is read right in most of its lines, and no line is lost.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            TableInvalid: it cannot be opened.
        """
        self.path = path
        self.repaired = 0
        try:
            self._bytes: BinaryIO = path.open("rb")
        except OSError as error:
            raise TableInvalid(f"The file cannot be opened: {error.strerror}.", where=str(path)) from error
        self.size = path.stat().st_size
        start = self._bytes.read(4)
        self._bytes.seek(0)
        self.encoding = next((name for mark, name in _BOMS if start.startswith(mark)), "utf-8")
        self.has_mark = self.encoding == "utf-8-sig"
        errors = "replace" if self.encoding == "utf-16" else "surrogateescape"
        # newline="" keeps line ends as they are, and knows those of old Macintoshes too.
        self._text = io.TextIOWrapper(self._bytes, encoding=self.encoding, errors=errors, newline="")

    def __iter__(self) -> Iterator[str]:
        """Yield every line with its end."""
        while line := self._text.readline(MAX_LINE_CHARS):
            if len(line) >= MAX_LINE_CHARS:
                raise TableInvalid(
                    f"A line is longer than {MAX_LINE_CHARS:,} characters.", where=str(self.path)
                )
            yield line if line.isascii() else self._repair(line)

    def position(self) -> int:
        """Return how many bytes have been taken from the file."""
        return self._bytes.tell()

    def note(self) -> str | None:
        """Say how many lines were not UTF-8, if any."""
        if not self.repaired:
            return None
        return f"{self.repaired:,} lines are not UTF-8; their odd bytes were read as Windows-1252."

    def __enter__(self) -> Self:
        """Return itself, open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._text.close()

    def _repair(self, line: str) -> str:
        repaired = _MARKED.sub(lambda mark: _CP1252[ord(mark[0]) - 0xDC00], line)
        self.repaired += repaired != line
        return repaired


# Five bytes have no meaning in Windows-1252; Latin-1 gives those as control characters, as browsers do.
_CP1252 = tuple(bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
