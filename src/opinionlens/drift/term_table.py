"""Terms of served texts, numbered.

What sums need of a term is looked up once, then read from arrays, for a batch of texts at a time.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from opinionlens.drift.embedding import DIMENSIONS
from opinionlens.drift.profile import TextProfile
from opinionlens.drift.windows import KnowsWord, TermPlaces
from opinionlens.text.recipe import NEGATED, Recipe

# Terms met before: about 420 bytes each.
_REMEMBERED = 30_000
NO_WORD = -1


class _PackedNumbers(dict[str, bytes]):
    """Numbers of terms as the bytes of 32-bit integers."""

    def __init__(self) -> None:
        self.new: list[str] = []

    def __missing__(self, term: str) -> bytes:
        number = self[term] = len(self).to_bytes(4, sys.byteorder)
        self.new.append(term)
        return number


class TermTable:
    """The terms that one model version has met, numbered.

    Attributes:
        places: the columns of terms in sums.
        signs: by term its vector, 1 for +1 and 0 for -1; 64 bytes in 8 numbers.
        columns: by term its column.
        words: by term the number of its word, the same for a negated form; `NO_WORD` where it is none.
        is_known: by word whether the vocabulary has it.
    """

    def __init__(self, profile: TextProfile, recipe: Recipe) -> None:
        """Begin with no terms."""
        self.places = TermPlaces({term: column for column, term in enumerate(profile.terms)})
        self._negates = recipe.negation_scope
        self._forget()

    def numbers(self, texts: Iterable[Iterable[str]], knows: KnowsWord | None) -> NDArray[np.int32]:
        """Return the numbers of the terms of texts.

        One after the other; they are valid until the next call.

        Args:
            texts: the terms of each.
            knows: whether the vocabulary has a word; asked once for each.
        """
        if len(self._packed) >= _REMEMBERED:
            self._forget()
        # Joining bytes is faster than making an array of a list.
        found = b"".join(map(self._packed.__getitem__, chain.from_iterable(texts)))
        if self._packed.new:
            self._look_up(knows)
        return np.frombuffer(found, dtype=np.int32)

    def __len__(self) -> int:
        """Return how many terms are numbered."""
        return len(self._packed)

    def _forget(self) -> None:
        self._packed = _PackedNumbers()
        self._word_numbers: dict[str, int] = {}
        self.signs = np.empty((0, DIMENSIONS // 8), dtype=np.uint64)
        self.columns = self.words = np.empty(0, dtype=np.int64)
        self.is_known = np.empty(0, dtype=np.bool_)

    def _look_up(self, knows: KnowsWord | None) -> None:
        """Fill the arrays for new terms."""
        terms, self._packed.new = self._packed.new, []
        end = len(self)
        self._make_room(end)
        here = slice(end - len(terms), end)
        self.signs[here] = signs_of(terms)
        self.columns[here] = [self.places.column(term) for term in terms]
        self.words[here] = [self._word_number(term, knows) for term in terms]

    def _word_number(self, term: str, knows: KnowsWord | None) -> int:
        if not term[0].isalpha():
            return NO_WORD
        word = term.removesuffix(NEGATED) if self._negates else term
        number = self._word_numbers.get(word)
        if number is None:
            number = self._word_numbers[word] = len(self._word_numbers)
            self.is_known[number] = knows is not None and knows(word)
        return number

    def _make_room(self, size: int) -> None:
        if size > len(self.columns):
            more = max(1_024, 2 * size) - len(self.columns)
            self.signs = np.concatenate([self.signs, np.empty((more, DIMENSIONS // 8), dtype=np.uint64)])
            self.columns = np.concatenate([self.columns, np.empty(more, dtype=np.int64)])
            self.words = np.concatenate([self.words, np.empty(more, dtype=np.int64)])
            self.is_known = np.concatenate([self.is_known, np.empty(more, dtype=np.bool_)])


def signs_of(terms: Sequence[str]) -> NDArray[np.uint64]:
    """Return the vectors of terms, 0 for -1.

    Those of a `TermEmbedder`, which takes four times as long for a term that it meets.
    """
    size = DIMENSIONS // 8
    digests = [
        hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=size).digest() for term in terms
    ]
    bits = np.unpackbits(np.frombuffer(b"".join(digests), dtype=np.uint8))
    return bits.view(np.uint64).reshape(-1, size)
