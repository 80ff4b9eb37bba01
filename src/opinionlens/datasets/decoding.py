"""From bytes to text when nobody wrote down the encoding."""

from __future__ import annotations

import codecs
import re

from opinionlens.datasets.card import BadBytes

# Python marks a byte that is not UTF-8 with one of these code points (PEP 383), which no real text holds.
_MARKED = re.compile("[\udc80-\udcff]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def as_utf8(data: bytes) -> bytes:
    """`data` without a byte order mark, and from UTF-16 if its mark says so."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", "replace").encode()
    return data.removeprefix(codecs.BOM_UTF8)


def is_utf8(data: bytes) -> bool:
    """Whether every byte belongs to a valid sequence."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def decode_marking(data: bytes) -> str:
    """Text in which each byte that is not UTF-8 is marked, for `repair` to replace cell by cell."""
    return data.decode("utf-8", "surrogateescape")


def needs_repair(text: str) -> bool:
    """Whether `text` holds a marked byte."""
    return not text.isascii() and _MARKED.search(text) is not None


def repair(text: str, bad_bytes: BadBytes) -> str:
    """`text` with each marked byte as the card wants it."""
    if bad_bytes is BadBytes.REPLACE:
        return _MARKED.sub(lambda run: "\ufffd" * len(run[0]), text)
    return _MARKED.sub(_as_cp1252, text)


def without_surrogates(text: str) -> str:
    """`text` with lone surrogates, which JSON can spell and UTF-8 cannot hold, as U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _as_cp1252(run: re.Match[str]) -> str:
    data = run[0].encode("utf-8", "surrogateescape")
    # cp1252 leaves five bytes undefined; Latin-1 gives those as control characters, as browsers do.
    return "".join(_CP1252[byte] for byte in data)


def _table() -> tuple[str, ...]:
    return tuple(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))


_CP1252 = _table()
