"""Negating words and the end of their scope."""

from __future__ import annotations

from enum import Enum

from opinionlens.text.normalising import word
from opinionlens.text.scanning import PieceKind, kind_of

_NEGATORS = """
not no never none nobody nothing nowhere neither nor cannot without hardly barely scarcely rarely seldom aint
arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt mustnt neednt shant shouldnt wasnt werent wont
wouldnt
"""
NEGATORS = frozenset(_NEGATORS.split())


class NegationRole(Enum):
    """The role of a piece in negation."""

    OPENS = "opens"
    INSIDE = "inside"  # is turned where a negator stands before
    ENDS = "ends"
    OUTSIDE = "outside"  # an emoticon or an address means the same behind "not"


def is_negator(lowered: str) -> bool:
    """Return whether a lower-case word negates, such as `not`, `don't`."""
    return lowered in NEGATORS or lowered.endswith("n't")


def ends_clause(piece: str, kind: PieceKind) -> bool:
    """Return whether negators and intensifiers stop at this piece."""
    return (kind is PieceKind.MARK and piece != "#") or kind is PieceKind.MARKUP


def scope_of(piece: str) -> NegationRole:
    """Return the role of `piece` in negation."""
    kind = kind_of(piece)
    if kind is PieceKind.WORD:
        return NegationRole.OPENS if is_negator(word(piece)) else NegationRole.INSIDE
    return NegationRole.ENDS if ends_clause(piece, kind) else NegationRole.OUTSIDE
