"""Typographic letters rewritten as plain ones.

Examples: 𝐛𝐞𝐬𝐭, ｂｅｓｔ, ﬁne, donʼt, donâ€™t.

Signs that carry a meaning of their own stay: emoji, `™`, `²`, `½`, accents. `FORMS` names the characters, and
`unicodedata` gives their plain form (its compatibility decomposition). Three kinds of sign need a table or a
rule: apostrophes, small capitals (letters of phonetics to Unicode), and UTF-8 that was read as Windows-1252.

A text in ASCII costs nothing here, any other one search.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from string import ascii_uppercase
from typing import NamedTuple

from opinionlens.text.aligned import Aligned
from opinionlens.text.memo import Memo

# Modifier letters, primes and a reversed quotation mark, as they are typed for an apostrophe. The quotation
# marks that the scanner knows as apostrophes are left to it.
_APOSTROPHES = "\u02b9\u02bb\u02bc\u02bd\u02c8\u0374\u055a\u201b\u2032\u2035\ua78b\ua78c"
_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
# Letters and digits that differ in type only: mathematical, double-struck, script, circled, squared, raised,
# lowered, full and half width, ligatures. Of the letter-like signs those that are a font's variant.
_FONT_VARIANTS = "ℂℊ-ℍℎℐ-ℓℕℙ-ℝℤℨℬℭℯ-ℱℳℴℼ-⅀ⅅ-ⅉ"
FORMS = (
    "\u02b0-\u02b8\u02e0-\u02e4\u1d2c-\u1d6a\u1d78\u1d9b-\u1dbf\u2071\u207f\u2090-\u209c"
    f"{_FONT_VARIANTS}\u24b6-\u24e9\u3000\ufb00-\ufb06\uff01-\uff9f\uffa1-\uffe6"
    f"{_APOSTROPHES}{''.join(_SMALL_CAPITALS)}"
)
FORMS_BEYOND = "\U0001d400-\U0001d7ff\U0001f110-\U0001f129\U0001f130-\U0001f149\U0001f150-\U0001f169"
# White letters in a black square. Single ones are emoji (🅰 a blood group, 🅿 parking), a run is a word.
_BLACK_SQUARES = "\U0001f170-\U0001f189"
# These hold an alphabet each: in brackets, in a black circle, in a black square.
_ALPHABETS = ("\U0001f110", "\U0001f150", "\U0001f170")
_LATIN = "A-Za-z\u00c0-\u024f\u1e00-\u1eff"
_ACCENTS = "\u0300-\u036f"
# No letter of any language has more; normalising takes time with the square of their number.
_MOST_ACCENTS = 8


def _windows_1252(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:  # five bytes are not assigned, and read as control characters
        return chr(byte)


# How the bytes of UTF-8 look to a reader of Windows-1252 or Latin-1.
_BYTES = {_windows_1252(byte): byte for byte in range(0x80, 0x100)} | {
    chr(byte): byte for byte in range(0x80, 0x100)
}


def _class(*spans: tuple[int, int]) -> str:
    bytes_ = {byte for low, high in spans for byte in range(low, high + 1)}
    return "[" + "".join(re.escape(sign) for sign, byte in _BYTES.items() if byte in bytes_) + "]"


_ANY = _class((0x80, 0xBF))
_SIGNS_OF_THREE = _class(*((byte, byte) for byte in (0x80, 0x82, 0x84, 0x86)), (0x98, 0x9E), (0xAC, 0xAD))
# Where a reading as UTF-8 competes with writing that makes sense, writing wins: no quotation mark, dash or
# ellipsis is taken for a second byte (`IRMÃ”`), and of three bytes only signs are read, no letters.
MISREAD = "|".join(
    (
        f"Â{_class((0xA0, 0xBA), (0xBC, 0xBF))}",  # £ © ° ½ and other signs
        f"Ã{_class((0x80, 0x84), (0x86, 0x90), (0x98, 0xBF))}",  # accented letters
        f"â{_SIGNS_OF_THREE}{_ANY}",
        f"â{_class((0x80, 0x80))}(?!{_ANY})",  # the byte behind it is not assigned, and was dropped: ”
        f"ð{_class((0x9F, 0x9F))}{_ANY}{_ANY}",  # emoji
        "ï¸\x8f?|ï¿½|ï»¿",  # variation selector, replacement character, byte order mark
    )
)
# Sequences whose last byte is not assigned in Windows-1252 and was dropped.
_CUT_OFF = {"â": "”", "ï": "\ufe0f"}
# A word of three signs can be misread twice, never more often in practice.
_MOST_MISREADINGS = 2


class _Step(NamedTuple):
    """A replacement, and the characters that make it necessary.

    A text without a match of `needs`, a single class of characters, is left as it is.
    """

    needs: re.Pattern[str]
    pattern: re.Pattern[str]
    meaning: Callable[[re.Match[str]], str]


def plain_forms(text: str) -> str:
    """Return `text` in plain letters, signs and apostrophes."""
    if text.isascii():
        return text
    for step in _STEPS:
        if step.needs.search(text):
            text = step.pattern.sub(step.meaning, text)
    return text


def plain_forms_aligned(text: Aligned) -> Aligned:
    """Rewrite like `plain_forms`, with the place of each character."""
    for step in _STEPS:
        text = text.replaced(step.pattern, step.meaning)
    return text


def _decode_again(match: re.Match[str]) -> str:
    return _REREAD[match[0]]


def _meaning_of_bytes(misread: str) -> str:
    if len(misread) == 2 and misread[0] in _CUT_OFF:
        return _CUT_OFF[misread[0]]
    try:
        return bytes(map(_BYTES.__getitem__, misread)).decode()
    except UnicodeDecodeError:
        return misread


def _plain_form(match: re.Match[str]) -> str:
    return _PLAIN[match[0]]


def _plain_sign(sign: str) -> str:
    if sign in _APOSTROPHES:
        return "'"
    if sign in _SMALL_CAPITALS:
        return _SMALL_CAPITALS[sign]
    for first in _ALPHABETS:
        if 0 <= (letter := ord(sign) - ord(first)) < len(ascii_uppercase):
            return ascii_uppercase[letter]
    plain = unicodedata.normalize("NFKC", sign)
    return _SMALL_CAPITALS.get(plain, plain)  # some small capitals are raised, too


def _plain_forms_of_run(match: re.Match[str]) -> str:
    return "".join(map(_PLAIN.__getitem__, match[0]))


def _compose(match: re.Match[str]) -> str:
    """Compose the letter and its accents, where Unicode has them.

    Other marks (b̶e̶s̶t̶) are decoration and dropped.
    """
    return unicodedata.normalize("NFC", match.group()[: _MOST_ACCENTS + 1])[0]


# As many entries as there are such signs, and sequences that stand for one.
_REREAD: Memo[str] = Memo(_meaning_of_bytes)
_PLAIN: Memo[str] = Memo(_plain_sign)
_MISREADINGS = _Step(re.compile("[ÂÃâðï]"), re.compile(MISREAD), _decode_again)
# Signs beyond the first plane are apart, because a search for them takes ten times as long.
_BEYOND = re.compile("[\U0001d400-\U0001f189]")
_STEPS = (
    *(_MISREADINGS,) * _MOST_MISREADINGS,
    _Step(re.compile(f"[{FORMS}]"), re.compile(f"[{FORMS}]"), _plain_form),
    _Step(_BEYOND, re.compile(f"[{FORMS_BEYOND}]"), _plain_form),
    _Step(_BEYOND, re.compile(f"[{_BLACK_SQUARES}]{{2,}}"), _plain_forms_of_run),
    _Step(re.compile(f"[{_ACCENTS}]"), re.compile(f"[{_LATIN}][{_ACCENTS}]+"), _compose),
)
