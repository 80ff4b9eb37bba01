"""N-grams of words, and of characters inside a word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from operator import itemgetter

# Longer tokens are noise, each of a length of its own: ready-made slices for them would not be used again.
_USUAL_CHARS = 34


def word_ngrams(tokens: Sequence[str], low: int, high: int) -> list[str]:
    """Return all runs of `low` to `high` adjacent tokens.

    Tokens are joined by one space; shorter runs come first.
    """
    grams = list(tokens) if low == 1 else []
    if low <= 2 <= high:
        grams += map(" ".join, pairwise(tokens))  # a quarter faster than the general way below
    for size in range(max(low, 3), high + 1):
        grams += map(" ".join, zip(*(tokens[shift:] for shift in range(size)), strict=False))
    return grams


def char_ngrams(token: str, low: int, high: int) -> list[str]:
    """Return all runs of `low` to `high` characters.

    The token gets a space on both sides, so that a prefix differs from the same letters inside a word.
    Shorter runs come first; a size larger than the padded token gives nothing.
    """
    padded = f" {token} "
    length = len(padded)
    cut = _prepared_cut(length, low, high) if length <= _USUAL_CHARS else None
    if cut is not None:
        return list(cut(padded))
    return [padded[i : i + size] for size in range(low, high + 1) for i in range(length - size + 1)]


@cache
def _prepared_cut(length: int, low: int, high: int) -> Callable[[str], tuple[str, ...]] | None:
    """Return a function that cuts along prepared slices.

    That takes half the time of making the slices for each token.
    """
    places = [slice(i, i + size) for size in range(low, high + 1) for i in range(length - size + 1)]
    # With one slice, itemgetter would give the string itself.
    return itemgetter(*places) if len(places) > 1 else None
