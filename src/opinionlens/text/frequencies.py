"""Frequencies of words in English at large."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

_PATH = Path(__file__).parent / "lexicons" / "frequencies.tsv"


def general_frequency(word: str) -> float:
    """Return the share of `word` among all English words.

    It is 0 for a word that is not listed.
    """
    return _frequencies().get(word, 0.0)


@cache
def _frequencies() -> Mapping[str, float]:
    """Read the list of frequencies.

    It holds hundredths of the Zipf scale: log10 of occurrences in a billion words.
    """
    lines = _PATH.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {word: 10 ** (int(zipf) / 100 - 9) for word, zipf in rows}
