"""Runs of neighbouring words, and runs of letters inside a word."""

from __future__ import annotations

from collections.abc import Sequence


def word_ngrams(tokens: Sequence[str], low: int, high: int) -> list[str]:
    """All runs of `low` to `high` neighbouring tokens, joined by one space, shorter runs first."""
    grams = list(tokens) if low == 1 else []
    for size in range(max(low, 2), high + 1):
        grams += map(" ".join, zip(*(tokens[shift:] for shift in range(size)), strict=False))
    return grams


def char_ngrams(token: str, low: int, high: int) -> list[str]:
    """All runs of `low` to `high` characters of the token with a space on both sides, shorter runs first.

    The spaces mark beginning and end, so that a prefix differs from the same letters inside a word. A size
    larger than the padded token gives nothing.
    """
    padded = f" {token} "
    length = len(padded)
    return [padded[i : i + size] for size in range(low, high + 1) for i in range(length - size + 1)]
