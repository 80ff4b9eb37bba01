"""One pattern cuts a text into pieces: words, addresses, user names, emoticons, emoji, marks, markup.

Every recipe and the lexicon read the same pieces, so a text is scanned once. A piece is a stretch of the text
as it was written; what it means is decided later, from the piece alone. So each decision can be cached, and
its place is exact.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple

# As people type them; 0x92 is the apostrophe of Windows-1252 read as Latin-1.
APOSTROPHES = "'’‘ʼ`´\x92＇"
INVISIBLE = "\u00ad\u200b-\u200d\u2060\ufeff"
# `\w` leaves out combining marks; without them decomposed accents, Hebrew, Arabic, Hindi and Thai fall apart.
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1-\u05c2\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962-\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a03\u0a3c-\u0a4d"
    "\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b4d\u0b82\u0bbe-\u0bcd\u0c00-\u0c04\u0c3e-\u0c4d"
    "\u0c81-\u0c83\u0cbc-\u0ccd\u0d00-\u0d03\u0d3b-\u0d4d\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
)
_EMOJI_BASE = (
    "\u203c\u2049\u2139\u2194-\u21aa\u231a-\u23ff\u25aa-\u25fe\u2600-\u2775\u2794-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_EMOJI_STYLE = "\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_ADDRESS_CHAR = r"[^\s<>\"]"

PLAIN_WORD = r"[0-9A-Za-z]++(?=[ ,!?])"  # what most pieces are; only a short cut, `WORD` would find the same
ADDRESS = rf"(?:[hH][tT][tT][pP][sS]?://|\b[wW][wW][wW]\.){_ADDRESS_CHAR}*[^\s<>\"'.,!?;:)\]…]"
SIDEWAYS = r"\b[oO0]_[oO0]\b|\b[tT]_[tT]\b|\b[uU]_[uU]\b"
WORD = rf"[^\W_]+(?:(?:[{APOSTROPHES}]|[{INVISIBLE}{MARKS}]+)[^\W_]+)*[{MARKS}]*"
USER = r"\B@\w+"
EMOTICON = (
    rf">?[:;=][{APOSTROPHES}]?[-^o]?(?:\)+|\(+|[\]}}>\[{{/\\|*]|[DdPpOoSs]\b)"
    r"|\B[:=]3\b|\([-^]?[:;=]|<+3+\b|</3\b|\^[_.]?\^|-_+-|>[_.]<|\\o/"
)
EMOJI = (
    rf"[\U0001f1e6-\U0001f1ff]{{2}}"
    rf"|[{_EMOJI_BASE}][{_EMOJI_STYLE}]*(?:\u200d[{_EMOJI_BASE}][{_EMOJI_STYLE}]*)*"
)
MARKUP = r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|<!--[^<>]*-->"
MARK = r"[!?]+|\.\.+|…|[.,;:()#]"


class Kind(StrEnum):
    """What a piece is."""

    ADDRESS = "address"
    WORD = "word"
    USER = "user"
    EMOTICON = "emoticon"
    EMOJI = "emoji"
    MARKUP = "markup"
    MARK = "mark"
    OTHER = "other"  # only another tokenizer cuts such pieces


PIECE_PATTERN = re.compile(
    "|".join((PLAIN_WORD, ADDRESS, SIDEWAYS, WORD, USER, EMOTICON, EMOJI, MARKUP, MARK))
)
_KIND_PATTERN = re.compile(
    rf"(?P<address>{ADDRESS})|(?P<emoticon>{SIDEWAYS}|{EMOTICON})|(?P<word>{WORD})|(?P<user>{USER})"
    rf"|(?P<emoji>{EMOJI})|(?P<markup>{MARKUP})|(?P<mark>{MARK})"
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


class Piece(NamedTuple):
    """A stretch of the decoded text, with its place in code points of the text as it was given."""

    text: str
    start: int
    end: int


def kind_of(piece: str) -> Kind:
    """What `piece` is, from its own characters alone."""
    if piece.isalnum():
        return Kind.WORD
    match = _KIND_PATTERN.fullmatch(piece)
    return Kind(match.lastgroup) if match and match.lastgroup else Kind.OTHER


def decode_entities(text: str) -> str:
    """Replace HTML's character references (`&amp;`, `&#39;`) by their characters; `&` alone stays."""
    return _ENTITY.sub(_decoded, text) if "&" in text else text


def scan(text: str) -> list[str]:
    """The pieces of `text` in order. What belongs to none (spaces, quotes, dashes, symbols) is left out."""
    return PIECE_PATTERN.findall(decode_entities(text))


def scan_with_places(text: str, pattern: re.Pattern[str] = PIECE_PATTERN) -> list[Piece]:
    """As `scan`, each piece with its place in the text as it was given, character references included."""
    if "&" not in text:
        return [Piece(match.group(), match.start(), match.end()) for match in pattern.finditer(text)]
    references = list(_ENTITY.finditer(text))
    lengths = [len(_decoded(match)) for match in references]
    # Behind each reference the decoded text lags by what decoding saved; `ends` are places in it.
    lags = [0, *accumulate(m.end() - m.start() - n for m, n in zip(references, lengths, strict=True))]
    ends = [match.end() - lag for match, lag in zip(references, lags[1:], strict=True)]
    starts = [match.start() - lag for match, lag in zip(references, lags, strict=False)]

    def origin(match: re.Match[str]) -> Piece:
        first, last = match.start(), match.end() - 1
        before, after = bisect_right(ends, first), bisect_right(starts, last)
        start = first + lags[before]
        if before < len(starts) and starts[before] <= first:
            start = references[before].start()
        end = last + 1 + lags[after]
        if after and last < ends[after - 1]:
            end = references[after - 1].end()
        return Piece(match.group(), start, end)

    return [origin(match) for match in pattern.finditer(decode_entities(text))]


def _decoded(reference: re.Match[str]) -> str:
    return html.unescape(reference.group())
