"""The token for each piece, by recipe.

An empty token means: leave it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from opinionlens.text.scanning import APOSTROPHES, INVISIBLE, STYLE, PieceKind

ADDRESS_TOKEN = "<url>"  # noqa: S105 - a token of text
USER_TOKEN = "<user>"  # noqa: S105 - as above

# Characters. Each one more costs as many n-grams as a short word.
LONGEST_TOKEN = 100
Normaliser = Callable[[str, PieceKind], str]

_APOSTROPHE = re.compile(f"[{APOSTROPHES}]")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_STYLE = re.compile(f"[{STYLE}]")
_RUN = re.compile(r"(.)\1\1\1")  # quick to find, but also finds digits
_LONG_RUN = re.compile(r"([^\W\d_])\1{3,}")

_NOSE = re.compile(r"(?<=[:;='])[-^o](?=.)")
_EYES_AND_MOUTHS = str.maketrans("=]}[{\\dpos", ":))((/DPOS")
_OTHER_FACES = {"^^": "^_^", "^.^": "^_^", ">.<": ">_<", "</3": "</3", "\\o/": "\\o/"}


def plain(piece: str, kind: PieceKind) -> str:
    """Lower-case words, emoticons and emoji; drop addresses.

    A user name is a word.
    """
    if kind is PieceKind.WORD:
        return word(piece)
    if kind is PieceKind.USER:
        return piece[1:].lower()
    if kind is PieceKind.EMOTICON:
        return emoticon(piece)
    if kind is PieceKind.EMOJI:
        return emoji(piece)
    return word(piece) if kind is PieceKind.OTHER and any(map(str.isalnum, piece)) else ""


def social(piece: str, kind: PieceKind) -> str:
    """Normalise like `plain`, keeping signs of sentiment in posts.

    Addresses, users, elongations and marks that carry sentiment get a token.
    """
    if kind is PieceKind.WORD:
        return _LONG_RUN.sub(r"\1\1\1", word(piece)) if _RUN.search(piece.lower()) else word(piece)
    if kind is PieceKind.ADDRESS:
        return ADDRESS_TOKEN
    if kind is PieceKind.USER:
        return USER_TOKEN
    return mark(piece) if kind is PieceKind.MARK else plain(piece, kind)


def word(piece: str) -> str:
    """Lower-case a word, straighten apostrophes, drop invisible characters."""
    lowered = piece.lower()
    if lowered.isalnum():
        return lowered
    return _INVISIBLE.sub("", _APOSTROPHE.sub("'", lowered))


def emoji(piece: str) -> str:
    """Remove skin colour and presentation selectors from an emoji."""
    return _STYLE.sub("", piece)


def emoticon(piece: str) -> str:
    """Return the standard form of an emoticon.

    Upright, no nose, one mouth: `:-))`, `=]` and `(:` all become `:)`.
    """
    if piece in _OTHER_FACES:
        return _OTHER_FACES[piece]
    if piece.startswith("<3"):
        return "<3"
    if "_" in piece:
        return {"-": "-_-", "o": "o_o", "0": "o_o", "t": "T_T", "u": "u_u"}.get(piece[0].lower(), piece)
    if piece[0] == "(":
        piece = f"{piece[-1]})"
    face = _NOSE.sub("", _APOSTROPHE.sub("'", piece), count=1).translate(_EYES_AND_MOUTHS)
    return face.rstrip(face[-1]) + face[-1]


def mark(piece: str) -> str:
    """Return the token of a punctuation mark, empty for most.

    Kept are `#`, `!` and `?` (single, or doubled for more), `?!` for a mixture and `...` for a row of full
    stops.
    """
    if piece[0] in ".…":
        return "..." if piece != "." else ""
    signs = {"!" if sign in "!！" else "?" for sign in piece}
    if piece[0] not in "!?！？؟":
        return piece if piece == "#" else ""
    return "?!" if len(signs) > 1 else signs.pop() * min(len(piece), 2)


def cut_short(normalise: Normaliser) -> Normaliser:
    """Return `normalise` with tokens cut at `LONGEST_TOKEN` characters.

    Longer ones are keys, encoded data, noise.
    """
    return lambda piece, kind: normalise(piece, kind)[:LONGEST_TOKEN]


NORMALISERS: dict[str, Normaliser] = {
    "plain-v1": plain,
    "social-v1": social,
    "plain-v2": cut_short(plain),
    "social-v2": cut_short(social),
}
