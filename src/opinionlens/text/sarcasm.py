"""Praise that is meant as a complaint.

"Great, another delay." and "Love how it dies at noon." praise first and complain then. Only openings that
are hardly ever sincere before a complaint are turned.
"""

from __future__ import annotations

from collections.abc import Sequence

from opinionlens.text.opinion import Opinion
from opinionlens.text.opinion_entries import AGAIN, LOVED, OPENED, Meaning, word_at

_OPENING = """
great wonderful brilliant lovely perfect fantastic marvellous marvelous nice super superb awesome excellent
fabulous terrific splendid cool amazing good congratulations thanks bravo wow charming delightful
"""
_OPENERS = frozenset(_OPENING.split())
_LOVES = frozenset(("love", "adore", "enjoy", "loving"))
_TURNED = -0.6
_LATEST = 2  # pieces that may stand before the praise: "Oh, just great, …"


def undo_sarcasm(opinions: list[Opinion], meanings: Sequence[Meaning | None]) -> None:
    """Turn leading praise ("Great, …") where only complaints follow."""
    rated = [opinion for opinion in opinions if not opinion.inferred]
    if not rated or rated[0].first > _LATEST or rated[0].value <= 0:
        return
    praise, rest = rated[0], rated[1:]
    complains = bool(rest) and all(opinion.value < 0 for opinion in rest)
    word, behind = word_at(meanings, praise.first), praise.last + 1
    if word in _OPENERS:
        if word_at(meanings, behind) in OPENED:  # "Brilliant idea, …"
            behind += 1
        once_more = not rest and word_at(meanings, behind + 1) in AGAIN
        turned = _is_mark(meanings, behind) and (complains or once_more)
    else:
        turned = complains and word in _LOVES and word_at(meanings, behind) in LOVED
    if turned:
        praise.value *= _TURNED


def _is_mark(meanings: Sequence[Meaning | None], number: int) -> bool:
    meaning = meanings[number] if number < len(meanings) else None
    return meaning is not None and bool(meaning.mark)
