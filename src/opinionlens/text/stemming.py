"""Stemmers to choose from.

NLTK's are the standard ones and need none of its downloads.
"""

from __future__ import annotations

from collections.abc import Callable

# Characters. Longer "words" are noise, and a stemmer's time grows with the square of their length.
LONGEST_STEMMED = 60


def _porter() -> Callable[[str], str]:
    from nltk.stem.porter import PorterStemmer  # imports scikit-learn where that is installed

    return _bounded(PorterStemmer().stem)


def _snowball() -> Callable[[str], str]:
    from nltk.stem.snowball import EnglishStemmer  # as above

    return _bounded(EnglishStemmer().stem)


def _bounded(stem: Callable[[str], str]) -> Callable[[str], str]:
    return lambda word: stem(word) if len(word) <= LONGEST_STEMMED else word


STEMMERS: dict[str, Callable[[], Callable[[str], str]] | None] = {
    "none": None,
    "porter": _porter,
    "snowball": _snowball,
}
