"""About a dozen numbers from a sentiment lexicon, worked out in one pass over the pieces of a text.

The pass notes *effects*: piece 7 adds 1.9 to `positive_sum`. A text's values are sums of its effects, or such
sums times a factor of the whole text (`…_share`, `compound`), so what each piece contributed is known
exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from opinionlens.text.memo import Memo
from opinionlens.text.negation import is_negator
from opinionlens.text.normalising import face, word
from opinionlens.text.scanning import Kind, kind_of, scan, scan_with_places
from opinionlens.text.word_list import emoji_names, valences

LEXICON_FEATURES: tuple[str, ...] = (
    "positive_sum",  # valence of positive words, after negation and intensifiers
    "negative_sum",  # the same of negative words, without its sign
    "positive_count",
    "negative_count",
    "positive_share",  # positive_sum per word
    "negative_share",
    "compound",  # the sum of all valences, squeezed into -1 to 1 as VADER does
    "contrast_sum",  # the sum of all valences behind the last "but"
    "negators",
    "intensifiers",
    "capitals",  # words in capital letters
    "exclamation_marks",
    "question_marks",
    "elongations",
    "emoticons",  # emoji too
)
_COLUMN = {name: column for column, name in enumerate(LEXICON_FEATURES)}
_POSITIVE_SUM, _NEGATIVE_SUM, _POSITIVE_COUNT, _NEGATIVE_COUNT = range(4)
_POSITIVE_SHARE, _NEGATIVE_SHARE, _COMPOUND, _CONTRAST = range(4, 8)
_NEGATORS, _INTENSIFIERS, _CAPITALS, _EXCLAMATIONS, _QUESTIONS, _ELONGATIONS, _EMOTICONS = range(8, 15)

# Strengths as VADER's authors measured them.
_BOOST = 0.293
_CAPITALS_BOOST = 0.733
_NEGATION = -0.74
_FADING = (0.0, 1.0, 0.95, 0.9)  # of an intensifier one, two, three pieces away
_REACH = 3  # pieces that a negator or intensifier acts on
_SQUEEZE = 15.0

_STRENGTHENING = """
absolutely amazingly awfully completely considerably decidedly deeply effing enormously entirely especially
exceptionally extremely fabulously flipping fricking frickin friggin frigging fuckin fucking fully greatly
hella highly hugely incredibly insanely intensely majorly more most particularly purely quite really
remarkably seriously so soo sooo substantially super thoroughly too total totally tremendously truly uber
unbelievably unusually utterly very
"""
_WEAKENING = """
almost barely fairly hardly kinda less little marginally occasionally partly scarcely slightly somewhat sorta
"""
_BOOSTERS = dict.fromkeys(_STRENGTHENING.split(), _BOOST) | dict.fromkeys(_WEAKENING.split(), -_BOOST)
_CONTRASTS = frozenset(("but", "however", "although", "though"))
_RUN = re.compile(r"([^\W\d_])\1{2,}")


class Effect(NamedTuple):
    """`amount` that the piece number `piece` adds to the feature number `column`."""

    piece: int
    column: int
    amount: float


class LexiconPart(NamedTuple):
    """What the stretch from `start` to `end` of the original text contributed to one feature."""

    feature: str
    start: int
    end: int
    value: float


class _Entry(NamedTuple):
    """What a piece means to the lexicon, whatever stands around it."""

    valence: float = 0.0
    boost: float = 0.0
    negates: bool = False
    ends_clause: bool = False
    contrasts: bool = False
    is_word: bool = True
    counts: tuple[tuple[int, float], ...] = ()


def lexicon_values(text: str) -> list[float]:
    """The value of each of `LEXICON_FEATURES` for `text`."""
    return lexicon_values_of(scan(text))


def lexicon_values_of(pieces: Sequence[str]) -> list[float]:
    """The same for a text that `scan` has cut already."""
    return _totals(*_effects(pieces))


def lexicon_parts(text: str) -> list[LexiconPart]:
    """What each stretch of `text` contributed; for every feature the parts sum to its value."""
    pieces = scan_with_places(text)
    effects, words = _effects([piece.text for piece in pieces])
    factors = _factors(effects, words)
    return [
        LexiconPart(
            LEXICON_FEATURES[column], pieces[number].start, pieces[number].end, amount * factors[column]
        )
        for number, column, amount in effects
        if amount
    ]


def _effects(pieces: Sequence[str]) -> tuple[list[Effect], int]:
    """All effects, and how many pieces are words. Derived features hold sums that `_factors` scales."""
    effects: list[Effect] = []
    valued: list[tuple[int, float]] = []
    boosters: list[tuple[int, float]] = []
    negator = contrast = -_REACH - 1
    others = 0
    for number, entry in enumerate(map(_ENTRIES.__getitem__, pieces)):
        if entry is None:
            continue
        valence, boost, negates, ends_clause, contrasts, is_word, counts = entry
        others += not is_word
        effects += [Effect(number, column, amount) for column, amount in counts]
        if valence:
            turned = _NEGATION if number - negator <= _REACH else 1.0
            valued.append((number, turned * _boosted(valence, number, boosters)))
        if boost:
            boosters.append((number, boost))
        if negates:
            negator = number
        if ends_clause:
            boosters.clear()
            negator = -_REACH - 1
        if contrasts:
            contrast = number
    for number, valence in valued:
        _note_valence(effects, number, valence, behind_contrast=0 <= contrast < number)
    return effects, len(pieces) - others


def _boosted(valence: float, number: int, boosters: list[tuple[int, float]]) -> float:
    strength = sum(boost * _FADING[number - place] for place, boost in boosters if number - place <= _REACH)
    return valence + math.copysign(1.0, valence) * strength


def _note_valence(effects: list[Effect], number: int, valence: float, *, behind_contrast: bool) -> None:
    size = abs(valence)
    total, count, share = (
        (_POSITIVE_SUM, _POSITIVE_COUNT, _POSITIVE_SHARE)
        if valence > 0
        else (_NEGATIVE_SUM, _NEGATIVE_COUNT, _NEGATIVE_SHARE)
    )
    effects += (
        Effect(number, total, size),
        Effect(number, count, 1.0),
        Effect(number, share, size),
        Effect(number, _COMPOUND, valence),
    )
    if behind_contrast:
        effects.append(Effect(number, _CONTRAST, valence))


def _sums(effects: list[Effect]) -> list[float]:
    sums = [0.0] * len(LEXICON_FEATURES)
    for _, column, amount in effects:
        sums[column] += amount
    return sums


def _totals(effects: list[Effect], words: int) -> list[float]:
    sums = _sums(effects)
    sums[_POSITIVE_SHARE] /= max(words, 1)
    sums[_NEGATIVE_SHARE] /= max(words, 1)
    sums[_COMPOUND] /= math.sqrt(sums[_COMPOUND] ** 2 + _SQUEEZE)
    return sums


def _factors(effects: list[Effect], words: int) -> list[float]:
    factors = [1.0] * len(LEXICON_FEATURES)
    factors[_POSITIVE_SHARE] = factors[_NEGATIVE_SHARE] = 1 / max(words, 1)
    factors[_COMPOUND] = 1 / math.sqrt(_sums(effects)[_COMPOUND] ** 2 + _SQUEEZE)
    return factors


def _entry_of(piece: str) -> _Entry | None:
    """The entry of a piece; None for the many words that mean nothing to the lexicon."""
    kind = kind_of(piece)
    if kind is Kind.WORD:
        return _word_entry(piece)
    if kind is Kind.MARK:
        counts = ((_EXCLAMATIONS, float(piece.count("!"))), (_QUESTIONS, float(piece.count("?"))))
        return _Entry(ends_clause=piece != "#", is_word=False, counts=tuple(c for c in counts if c[1]))
    if kind in (Kind.EMOTICON, Kind.EMOJI):
        return _Entry(valence=_face_valence(piece, kind), is_word=False, counts=((_EMOTICONS, 1.0),))
    return _Entry(is_word=False)


def _word_entry(piece: str) -> _Entry | None:
    lowered = word(piece)
    known = valences()
    elongated = len(piece) > 2 and _RUN.search(lowered) is not None
    if elongated and lowered not in known:
        lowered = next(
            (w for w in (_RUN.sub(r"\1\1", lowered), _RUN.sub(r"\1", lowered)) if w in known), lowered
        )
    capitals = len(piece) > 1 and piece.isupper()
    boost = _BOOSTERS.get(lowered, 0.0)
    valence = 0.0 if boost else known.get(lowered, 0.0)
    if valence:
        valence += math.copysign(capitals * _CAPITALS_BOOST + elongated * _BOOST, valence)
    negates = is_negator(lowered)
    counts = tuple(
        (column, 1.0)
        for column, holds in (
            (_NEGATORS, negates),
            (_INTENSIFIERS, boost > 0),
            (_CAPITALS, capitals),
            (_ELONGATIONS, elongated),
        )
        if holds
    )
    contrasts = lowered in _CONTRASTS
    if not (valence or boost or contrasts or counts):
        return None
    return _Entry(valence, boost, negates, contrasts=contrasts, counts=counts)


def _face_valence(piece: str, kind: Kind) -> float:
    known = valences()
    written = face(piece, kind)
    if kind is Kind.EMOTICON:
        return known.get(piece, known.get(written, 0.0))
    name = emoji_names().get(piece) or emoji_names().get(written, "")
    return sum(known.get(w, 0.0) for w in name.split())


_ENTRIES: Memo[_Entry | None] = Memo(_entry_of)
