"""Which listed word a misspelt one stands for: one letter more, less, changed, or two swapped.

The words are found by what is left when one of their letters is missing, after the symmetric deletion of Wolf
Garbe's SymSpell: a look-up for each letter of the misspelt word, however many words are listed.
"""

from __future__ import annotations

from collections.abc import Iterable

from opinionlens.text.frequencies import general_frequency

# Of shorter words too many others are a letter away; in those of this length only two letters may be swapped.
_SHORTEST = 4
_LONGEST = 24


class Misspellings:
    """Finds the listed word that is one slip away."""

    def __init__(self, words: Iterable[str]) -> None:
        """List these words; short ones are left out."""
        self._words = frozenset(word for word in words if _SHORTEST <= len(word) <= _LONGEST)
        self._shortened: dict[str, tuple[str, ...]] = {}
        for word in sorted(self._words):
            for shorter in _without_one(word):
                self._shortened[shorter] = (*self._shortened.get(shorter, ()), word)

    def meant(self, word: str) -> str | None:
        """Return the listed word that `word` stands for, the most frequent of several; None for no such."""
        if not _SHORTEST <= len(word) <= _LONGEST or not word.isalpha():
            return None
        near = set(self._shortened.get(word, ()))
        for shorter in _without_one(word):
            near.update(self._shortened.get(shorter, ()))
            if shorter in self._words:
                near.add(shorter)
        found = [other for other in near if _one_slip(word, other)]
        return min(found, key=lambda other: (-general_frequency(other), other), default=None)


def _without_one(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def _one_slip(word: str, other: str) -> bool:
    """Whether `other` is meant: the letters differ by one slip, and the words are long enough for it."""
    if len(word) != len(other):
        return min(len(word), len(other)) > _SHORTEST
    unlike = [at for at, (one, two) in enumerate(zip(word, other, strict=True)) if one != two]
    if len(unlike) == 1:
        return len(word) > _SHORTEST
    if len(unlike) != 2 or unlike[1] != unlike[0] + 1:
        return False
    first, second = unlike
    return word[first] == other[second] and word[second] == other[first]
