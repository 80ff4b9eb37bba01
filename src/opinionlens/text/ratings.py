"""Ratings in a text, such as "10/10" or "1 star"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opinionlens.text.opinion_entries import NUMBERS, STARS, Meaning, word_at

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
    word = word_at(meanings, number)
    if word in STARS:
        return _row_of_stars(meanings, number)
    if word in ("star", "stars"):
        half = word_at(meanings, number - 1) == "a"  # "half a star"
        return _rating(_number_at(meanings, number - (2 if half else 1)), _STARS)
    scale = _SCALES.get(word)
    if scale is None:
        return None
    if word_at(meanings, number - 1) == "of" and word_at(meanings, number - 2) == "out":
        return _rating(_number_at(meanings, number - 3), scale)
    if word.isdigit() and word_at(meanings, number - 1).isdigit():
        return _rating(_number_at(meanings, number - 1), scale)
    return None


class _Given(NamedTuple):
    """A number with the number of its first piece."""

    first: int
    value: float | None


def _row_of_stars(meanings: Sequence[Meaning | None], last: int) -> Rating | None:
    """Return the rating in a row of stars."""
    if word_at(meanings, last + 1) in STARS:
        return None
    first = last
    while word_at(meanings, first - 1) in STARS:
        first -= 1
    full = sum(word_at(meanings, at) == STARS[0] for at in range(first, last + 1))
    return _rating(_Given(first, float(full)), _STARS)


def _rating(given: _Given, scale: float) -> Rating | None:
    first, value = given
    if value is None or value > scale:
        return None
    share = value / scale
    return Rating(first, max(-1.0, (share - _MIDDLE) / (1 - _MIDDLE)) * _STEEPNESS)


def _number_at(meanings: Sequence[Meaning | None], number: int) -> _Given:
    """Return the number that ends at a piece."""
    word = word_at(meanings, number)
    before = meanings[number - 1] if number >= 2 else None
    whole = word_at(meanings, number - 2)
    if before is not None and before.mark == "." and _is_digits(word) and _is_digits(whole):
        return _Given(number - 2, float(f"{whole}.{word}"))
    return _Given(number, _number(word))


def _is_digits(word: str) -> bool:
    return word.isdigit() and word.isascii()


def _number(word: str) -> float | None:
    return float(word) if _is_digits(word) else NUMBERS.get(word)
