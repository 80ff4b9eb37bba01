"""One pattern that cuts a text into pieces.

The pieces are words, addresses, user names, emoticons, emoji, marks and markup. Every recipe and the lexicon
read the same ones, so a text is scanned once. A piece is a segment of the text as it was written; its meaning
is decided later, from the piece alone. So each decision can be cached, and its place is exact.

No alternative can fail after more than one pass over the part it has read, and none starts again inside a
part that another has read; so the time grows with the length of the text, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from opinionlens.text.aligned import Aligned

# As people type them; 0x92 is the apostrophe of Windows-1252 read as Latin-1.
APOSTROPHES = "'’‘`´\x92＇"
INVISIBLE = "\u00ad\u200b-\u200d\u2060\ufeff"
# `\w` leaves out combining marks; without them decomposed accents, Hebrew, Arabic, Hindi and Thai fall apart.
COMBINING = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1-\u05c2\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962-\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a03\u0a3c-\u0a4d"
    "\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b4d\u0b82\u0bbe-\u0bcd\u0c00-\u0c04\u0c3e-\u0c4d"
    "\u0c81-\u0c83\u0cbc-\u0ccd\u0d00-\u0d03\u0d3b-\u0d4d\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
)
PICTURE = (
    "\u203c\u2049\u2139\u2194-\u21aa\u231a-\u23ff\u25aa-\u25fe\u2600-\u2775\u2794-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
STYLE = "\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"  # of an emoji: skin, kind of flag
_EMOJI = rf"[{PICTURE}][{STYLE}]*"

WORD = rf"[^\W_]+(?:(?:[{APOSTROPHES}]|[{INVISIBLE}{COMBINING}]++)[^\W_]+)*[{COMBINING}]*"
ADDRESS_CHAR = r"[^\s<>\"]"
ADDRESS_END = r"[^\s<>\"'.,!?;:)\]…]"
ADDRESS = (
    rf"[hH][tT][tT][pP][sS]?\b(?:://{ADDRESS_CHAR}*{ADDRESS_END})?|[wW][wW][wW]\.{ADDRESS_CHAR}*{ADDRESS_END}"
)
USER = r"@(?<!\w@)\w+"
EMOTICON = "|".join(
    (
        rf">?[:;=][{APOSTROPHES}]?[-^o]?(?:\)+|\(+|[\]\[]|[DdPp]\b)",  # :) ;-) =D :'( >:(
        rf">?:[{APOSTROPHES}]?-?[}}{{/\\|*](?![/*])",  # :/ :-| :*
        r":(?<!\w:)-?[OoSs3]\b",
        r"\([-^]?[:;=](?!\w)",  # (:
        r"<3+\b|</3\b",
        r"\^[_.]\^|(?<!\^)\^\^(?!\^)",
        r"-_+-|>[_.]<|\\o/",
        r"[oO0]_[oO0]\b|[tT]_[tT]\b|[uU]_[uU]\b",
    )
)
EMOJI = rf"[\U0001f1e6-\U0001f1ff]{{2}}|{_EMOJI}(?:\u200d{_EMOJI})*"
MARKUP = r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|<!--[^<>]*-->"
MARK = r"[!?！？؟]+|\.\.+|…|[.,;:()#]"

# Most pieces are of this form. Only a short cut: `WORD` would find the same, and so would the search for the
# next piece without the space in front, but that tries every alternative at every space, in twice the time.
_COMMON_WORD = r"[0-9A-Za-z]++(?=[ ,!?])"
# The same for most emoji: a row of them takes half the time.
_COMMON_EMOJI = rf"[\u2600-\u2775\u2794-\u27bf\U0001f300-\U0001f3fa\U0001f400-\U0001faff](?![{STYLE}\u200d])"
_PIECE = re.compile(
    f" ?({'|'.join((_COMMON_WORD, _COMMON_EMOJI, ADDRESS, EMOTICON, WORD, USER, EMOJI, MARKUP, MARK))})"
)


class PieceKind(Enum):
    """The kind of a piece."""

    ADDRESS = "address"
    WORD = "word"
    USER = "user"
    EMOTICON = "emoticon"
    EMOJI = "emoji"
    MARKUP = "markup"
    MARK = "mark"
    OTHER = "other"  # cut by another tokenizer


_KIND = re.compile(
    rf"(?P<WORD>{WORD})|(?P<MARK>{MARK})|(?P<EMOTICON>{EMOTICON})|(?P<ADDRESS>{ADDRESS})|(?P<USER>{USER})"
    rf"|(?P<EMOJI>{EMOJI})|(?P<MARKUP>{MARKUP})"
)
BARE_ADDRESSES = ("http", "https")  # some corpora have these in place of every address


class Piece(NamedTuple):
    """A piece of the text as a recipe reads it.

    `start` and `end` are its place in code points of the original.
    """

    text: str
    start: int
    end: int


def scan(text: str) -> list[str]:
    """Return the pieces of `text` in order.

    Spaces, quotes, dashes and symbols belong to no piece and are left out.
    """
    return _PIECE.findall(text)


def scan_with_places(text: Aligned) -> list[Piece]:
    """Scan like `scan`, with each piece's original place."""
    return [Piece(match[1], *text.place(*match.span(1))) for match in _PIECE.finditer(text.text)]


def spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Return the places of the pieces between `start` and `end`."""
    return (match.span(1) for match in _PIECE.finditer(text, start, end))


def kind_of(piece: str) -> PieceKind:
    """Return the kind of `piece`, from its own characters alone."""
    if piece.isalnum():
        return PieceKind.ADDRESS if piece.lower() in BARE_ADDRESSES else PieceKind.WORD
    match = _KIND.fullmatch(piece)
    return PieceKind[match.lastgroup] if match and match.lastgroup else PieceKind.OTHER
