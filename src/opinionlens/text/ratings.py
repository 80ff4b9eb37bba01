"""Ratings in a text, such as "10/10" or "1 star"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opinionlens.text.opinion_entries import NUMBERS, Meaning

_SCALES = {"5": 5.0, "10": 10.0, "100": 100.0, "five": 5.0, "ten": 10.0}
_STARS = 5.0
_STEEPNESS = 3.4  # valence of full marks
_MIDDLE = 0.55  # people give more than half for something middling


class Rating(NamedTuple):
    """A rating with the number of its first piece."""

    first: int
    valence: float


def rating_before(meanings: Sequence[Meaning | None], number: int) -> Rating | None:
    """Return the rating that ends at piece `number`, if any.

    That piece is "stars" or the scale.
    """
    word = _word(meanings, number)
    if word in ("star", "stars"):
        given = _number(_word(meanings, number - 1))
        return _rating(number - 1, given, _STARS)
    scale = _SCALES.get(word)
    if scale is None:
        return None
    if _word(meanings, number - 1) == "of" and _word(meanings, number - 2) == "out":
        return _rating(number - 3, _number(_word(meanings, number - 3)), scale)
    if word.isdigit() and _word(meanings, number - 1).isdigit():
        return _rating(number - 1, _number(_word(meanings, number - 1)), scale)
    return None


def _rating(first: int, given: float | None, scale: float) -> Rating | None:
    if given is None or given > scale:
        return None
    share = given / scale
    return Rating(first, max(-1.0, (share - _MIDDLE) / (1 - _MIDDLE)) * _STEEPNESS)


def _number(word: str) -> float | None:
    return float(word) if word.isdigit() and word.isascii() else NUMBERS.get(word)


def _word(meanings: Sequence[Meaning | None], number: int) -> str:
    meaning = meanings[number] if 0 <= number < len(meanings) else None
    return meaning.word if meaning is not None else ""
