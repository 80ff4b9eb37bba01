"""Decoding of files without a declared encoding.

UTF-8 is assumed, unless a byte order mark or the places of the zero bytes say UTF-16 or UTF-32. A byte that
is no UTF-8 is marked (PEP 383) and replaced afterwards, so that one odd byte costs no row.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from enum import StrEnum

# Longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
# How many bytes tell UTF-16 without a mark: names of columns are ASCII, whatever language the texts are in.
_LOOKED_AT = 16
_MARKED = re.compile("[\udc80-\udcff]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


class BadBytes(StrEnum):
    """The replacement of bytes that are not UTF-8."""

    CP1252 = "cp1252"  # Windows text: the letters it stands for, as far as it defines them
    REPLACE = "replace"  # damage that no encoding explains: U+FFFD


@dataclass(frozen=True)
class Encoding:
    """The encoding of a file.

    Attributes:
        codec: a name that Python knows.
        mark_bytes: how many bytes of byte order mark stand in front.
        note: a note for the user about it, if any.
    """

    codec: str
    mark_bytes: int = 0
    note: str | None = None

    @property
    def is_marked_utf8(self) -> bool:
        """Whether it is UTF-8 with a byte order mark."""
        return self.codec == "utf-8" and self.mark_bytes > 0


def detect_encoding(start: bytes) -> Encoding:
    """Detect the encoding of a file from its first bytes.

    256 of them are enough.
    """
    for mark, codec, name in _MARKS:
        if start.startswith(mark):
            marks = _leading(start, mark)
            note = f"The file begins with {marks} byte order marks ({name}); they were left out."
            return Encoding(codec, marks * len(mark), note if marks > 1 else None)
    halves = start[:_LOOKED_AT:2], start[1:_LOOKED_AT:2]
    for high, low, codec, order in (
        (halves[1], halves[0], "utf-16-le", "little-endian"),
        (halves[0], halves[1], "utf-16-be", "big-endian"),
    ):
        if len(high) >= 4 and 2 * high.count(0) > len(high) and _is_ascii_text(low, high):
            note = f"The file has no byte order mark, but is UTF-16 ({order}); it was read so."
            return Encoding(codec, 0, note)
    return Encoding("utf-8")


def decode_marking(data: bytes) -> str:
    """Decode a whole file, marking invalid bytes for `repair`."""
    encoding = detect_encoding(data[:256])
    errors = "surrogateescape" if encoding.codec == "utf-8" else "replace"
    return data[encoding.mark_bytes :].decode(encoding.codec, errors)


def is_utf8(data: bytes) -> bool:
    """Return whether all bytes are valid UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def needs_repair(text: str) -> bool:
    """Return whether a byte of the text was not UTF-8."""
    return not text.isascii() and _MARKED.search(text) is not None


def repair(text: str, bad_bytes: BadBytes) -> str:
    """Replace each marked byte, which was not UTF-8."""
    if bad_bytes is BadBytes.REPLACE:
        return _MARKED.sub(lambda run: "\ufffd" * len(run[0]), text)
    return _MARKED.sub(_as_cp1252, text)


def without_surrogates(text: str) -> str:
    """Replace lone surrogates by U+FFFD.

    JSON can spell them, and UTF-8 cannot hold them.
    """
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _is_ascii_text(low: bytes, high: bytes) -> bool:
    """Return whether bytes beside zeros are ASCII text."""
    return all(
        32 <= each < 127 or each in b"\t\r\n" for each, zero in zip(low, high, strict=False) if not zero
    )


def _leading(start: bytes, mark: bytes) -> int:
    count = 1
    while start.startswith(mark, count * len(mark)):
        count += 1
    return count


def _as_cp1252(run: re.Match[str]) -> str:
    return "".join(_CP1252[byte] for byte in run[0].encode("utf-8", "surrogateescape"))


# Five bytes have no meaning in Windows-1252; Latin-1 gives those as control characters, as browsers do.
_CP1252 = tuple(bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
