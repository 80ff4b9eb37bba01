"""What token a piece becomes, for each recipe. An empty token means: leave it out."""

from __future__ import annotations

import re
from collections.abc import Callable

from opinionlens.text.scanning import APOSTROPHES, Kind

ADDRESS_TOKEN = "<url>"  # noqa: S105 - a token of text
USER_TOKEN = "<user>"  # noqa: S105

_STRAIGHTENED = {ord(c): "'" for c in APOSTROPHES} | dict.fromkeys(
    (0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)
)
_EMOJI_STYLES = dict.fromkeys((0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400)))
_LONG_RUN = re.compile(r"([^\W\d_])\1{3,}")
_MARKS = {".": "", ",": "", ";": "", ":": "", "(": "", ")": "", "#": "#", "!": "!", "?": "?", "…": "..."}
_SPACES = re.compile(r"\s+")


def plain(piece: str, kind: Kind) -> str:
    """Lower-case words, emoticons and emoji; an address says nothing, a user name is a word."""
    if kind is Kind.WORD:
        return word(piece)
    if kind is Kind.USER:
        return piece[1:].lower()
    if kind in (Kind.EMOTICON, Kind.EMOJI):
        return face(piece, kind)
    return word(_SPACES.sub("", piece)) if kind is Kind.OTHER and any(map(str.isalnum, piece)) else ""


def social(piece: str, kind: Kind) -> str:
    """As `plain`, and one token for any address, any user, elongations, `#`, `!`, `!!`, `?`, `?!`, `...`."""
    if kind is Kind.WORD:
        if len(piece) < 4:
            return word(piece)
        lowered = word(piece)
        if lowered in ("http", "https"):  # some corpora carry the word in place of the address
            return ADDRESS_TOKEN
        return _LONG_RUN.sub(r"\1\1\1", lowered)
    if kind is Kind.ADDRESS:
        return ADDRESS_TOKEN
    if kind is Kind.USER:
        return USER_TOKEN
    if kind is Kind.MARK:
        return mark(piece)
    return plain(piece, kind)


def word(piece: str) -> str:
    """The word in lower case, with straight apostrophes and nothing invisible in it."""
    lowered = piece.lower()
    return lowered if lowered.isascii() and "`" not in lowered else lowered.translate(_STRAIGHTENED)


def face(piece: str, kind: Kind) -> str:
    """The one way of writing an emoticon or emoji: no nose, no repetition, no skin tone."""
    if kind is Kind.EMOJI:
        return piece.translate(_EMOJI_STYLES)
    return piece


def mark(piece: str) -> str:
    """`!` and `?` single or doubled (for more), `?!` mixed, `...` for any longer row of full stops."""
    if len(piece) == 1:
        return _MARKS[piece]
    if piece[0] == ".":
        return "..."
    kinds = set(piece)
    return "?!" if len(kinds) > 1 else piece[0] * 2


NORMALISERS: dict[str, Callable[[str, Kind], str]] = {"plain-v1": plain, "social-v1": social}
