"""Listed words one slip away from a misspelt word.

A slip is one letter more, less, changed, or two swapped. The words are found by deleting one letter, after
the symmetric deletion of Wolf Garbe's SymSpell: a look-up for each letter of the misspelt word, however many
words are listed.
"""

from __future__ import annotations

from collections.abc import Iterable

from opinionlens.text.frequencies import general_frequency

# Shorter words have too many others one letter away; in words of this length only a swap of letters counts.
_SHORTEST = 4
_LONGEST = 24


class Misspellings:
    """An index of words for correcting a single slip."""

    def __init__(self, words: Iterable[str]) -> None:
        """Index these words; short ones are left out."""
        self._words = frozenset(word for word in words if _SHORTEST <= len(word) <= _LONGEST)
        self._shortened: dict[str, tuple[str, ...]] = {}
        for word in sorted(self._words):
            for shorter in _shortened_by_one(word):
                self._shortened[shorter] = (*self._shortened.get(shorter, ()), word)

    def meant(self, word: str) -> str | None:
        """Return the most frequent listed word that `word` may mean.

        None if there is no such word.
        """
        if not _SHORTEST <= len(word) <= _LONGEST or not word.isalpha():
            return None
        near = set(self._shortened.get(word, ()))
        for shorter in _shortened_by_one(word):
            near.update(self._shortened.get(shorter, ()))
            if shorter in self._words:
                near.add(shorter)
        found = [other for other in near if _is_one_slip(word, other)]
        return min(found, key=lambda other: (-general_frequency(other), other), default=None)


def _shortened_by_one(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def _is_one_slip(word: str, other: str) -> bool:
    """Return whether one slip turns `other` into `word`.

    Words of the shortest length may differ by a swap only.
    """
    if len(word) != len(other):
        return min(len(word), len(other)) > _SHORTEST
    unlike = [at for at, (one, two) in enumerate(zip(word, other, strict=True)) if one != two]
    if len(unlike) == 1:
        return len(word) > _SHORTEST
    if len(unlike) != 2 or unlike[1] != unlike[0] + 1:
        return False
    first, second = unlike
    return word[first] == other[second] and word[second] == other[first]
