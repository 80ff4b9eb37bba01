"""Texts that are nearly the same.

Two texts are near duplicates when the words that both have are at least a share of the words that either has
(the Jaccard index). Prefix filtering (Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007) finds
all of them without comparing every pair: sets that are so alike share a word among the first few of each in
any fixed order of words. Here the longest words come first, because they are the rarest.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from opinionlens.text.deduplication import deduplication_key

# Retweets with a word more, the same complaint with another flight number: alike. Below, other texts begin.
ALIKE = 0.8


def words_of(text: str) -> frozenset[str]:
    """Return the words by which texts are compared.

    They are those of the deduplication key: no case, punctuation, links or user names.
    """
    return frozenset(deduplication_key(text).split())


class NearDuplicates:
    """An index that finds near duplicates of a text.

    Memory grows with the texts that are added; the caller bounds them.
    """

    def __init__(self, alike: float = ALIKE) -> None:
        """Begin without a text.

        Args:
            alike: the least share of common words, above 0 and at most 1.
        """
        self._alike = alike
        self._texts: list[tuple[frozenset[str], str]] = []
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, words: frozenset[str], name: str) -> None:
        """Keep a text's words under a name."""
        position = len(self._texts)
        self._texts.append((words, name))
        for word in self._prefix(words):
            self._by_word[word].append(position)

    def find(self, words: frozenset[str]) -> str | None:
        """Return the name of the first alike text, if any.

        A text without words is like no other.
        """
        return next(self.find_all(words), None)

    def find_all(self, words: frozenset[str]) -> Iterator[str]:
        """Yield the names of all alike texts in order."""
        found = {position for word in self._prefix(words) for position in self._by_word.get(word, ())}
        for position in sorted(found):
            known, name = self._texts[position]
            common = len(words & known)
            if common >= self._alike * (len(words) + len(known) - common):
                yield name

    def _prefix(self, words: frozenset[str]) -> list[str]:
        """Return the first words, of which near duplicates share one."""
        # Rounded first: 0.8 * 5 must not become 4.000…1, and so one word too few.
        length = len(words) - math.ceil(round(self._alike * len(words), 9)) + 1 if words else 0
        return sorted(words, key=lambda word: (-len(word), word))[:length]
