"""About a dozen numbers from a sentiment lexicon, worked out in one pass over the pieces of a text.

The pass notes *effects*: piece 7 adds 1.9 to `positive_sum`. Most features are sums of effects; the others
(`…_share`, `compound`) are such sums times one factor of the whole text. So what each piece contributed is
known exactly, and the contributions sum to the value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from opinionlens.text.lexicon_entries import ENTRIES
from opinionlens.text.scanning import scan, scan_with_places

LEXICON_FEATURES: tuple[str, ...] = (
    "positive_sum",  # valence of positive words, after negation and intensifiers
    "negative_sum",  # the same of negative words, without its sign
    "positive_count",
    "negative_count",
    "contrast_sum",  # the sum of all valences behind the last "but"
    "negators",
    "intensifiers",
    "capitals",  # words in capital letters
    "exclamation_marks",
    "question_marks",
    "elongations",
    "emoticons",  # emoji too
    "positive_share",  # positive_sum per word
    "negative_share",
    "compound",  # positive_sum less negative_sum, squeezed into -1 to 1 as VADER does
)
_POSITIVE_SUM, _NEGATIVE_SUM, _POSITIVE_COUNT, _NEGATIVE_COUNT, _CONTRAST_SUM = range(5)
_POSITIVE_SHARE, _NEGATIVE_SHARE, _COMPOUND = range(12, 15)

_NEGATION = -0.74  # as VADER's authors measured it, like the two below
_FADING = (0.0, 1.0, 0.95, 0.9)  # of an intensifier one, two, three pieces away
_SQUEEZE = 15.0
_REACH = 3  # pieces that a negator or intensifier acts on
_NEVER = -_REACH - 1

Effect = tuple[
    int, int, float
]  # number of the piece, column of the feature, amount; plain, because it is hot


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
    values = _sums(effects)
    squeeze = _squeeze(values)
    values[_POSITIVE_SHARE] = values[_POSITIVE_SUM] / words
    values[_NEGATIVE_SHARE] = values[_NEGATIVE_SUM] / words
    values[_COMPOUND] = (values[_POSITIVE_SUM] - values[_NEGATIVE_SUM]) * squeeze
    return values


def lexicon_parts(text: str) -> list[LexiconPart]:
    """What each stretch of `text` contributed; for every feature the parts sum to its value."""
    pieces = scan_with_places(text)
    effects, words = _effects([piece.text for piece in pieces])
    squeeze = _squeeze(_sums(effects))
    return [
        LexiconPart(LEXICON_FEATURES[column], pieces[number].start, pieces[number].end, amount)
        for number, column, amount in _with_derived(effects, words, squeeze)
    ]


def _with_derived(effects: list[Effect], words: int, squeeze: float) -> Iterator[Effect]:
    for effect in effects:
        yield effect
        number, column, amount = effect
        if column == _POSITIVE_SUM:
            yield number, _POSITIVE_SHARE, amount / words
            yield number, _COMPOUND, amount * squeeze
        elif column == _NEGATIVE_SUM:
            yield number, _NEGATIVE_SHARE, amount / words
            yield number, _COMPOUND, -amount * squeeze


def _effects(pieces: Sequence[str]) -> tuple[list[Effect], int]:
    """All effects, and how many pieces are words (at least 1, for it divides)."""
    effects: list[Effect] = []
    boosters: list[tuple[int, float]] = []
    negator = contrast = _NEVER
    words = len(pieces)
    for number, entry in enumerate(map(ENTRIES.__getitem__, pieces)):
        if entry is None:
            continue
        valence, boost, negates, ends_clause, contrasts, no_word, counts = entry
        words -= no_word
        for column, amount in counts:
            effects.append((number, column, amount))
        if valence:
            turn = _NEGATION if number - negator <= _REACH else 1.0
            effects += _of_valence(number, turn * _boosted(valence, number, boosters))
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
        effects += list(_behind(contrast, effects))
    return effects, max(words, 1)


def _of_valence(number: int, valence: float) -> tuple[Effect, Effect]:
    if valence > 0:
        return (number, _POSITIVE_SUM, valence), (number, _POSITIVE_COUNT, 1.0)
    return (number, _NEGATIVE_SUM, -valence), (number, _NEGATIVE_COUNT, 1.0)


def _boosted(valence: float, number: int, boosters: list[tuple[int, float]]) -> float:
    if not boosters:
        return valence
    strength = sum(boost * _FADING[number - place] for place, boost in boosters if number - place <= _REACH)
    return valence + math.copysign(1.0, valence) * strength


def _behind(contrast: int, effects: list[Effect]) -> Iterator[Effect]:
    for number, column, amount in effects:
        if number > contrast and column in (_POSITIVE_SUM, _NEGATIVE_SUM):
            yield number, _CONTRAST_SUM, amount if column == _POSITIVE_SUM else -amount


def _sums(effects: list[Effect]) -> list[float]:
    sums = [0.0] * len(LEXICON_FEATURES)
    for _, column, amount in effects:
        sums[column] += amount
    return sums


def _squeeze(sums: list[float]) -> float:
    return 1.0 / math.sqrt((sums[_POSITIVE_SUM] - sums[_NEGATIVE_SUM]) ** 2 + _SQUEEZE)
