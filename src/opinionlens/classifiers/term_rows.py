"""From the tokens of a text to the rows of the weight table: the vocabulary side of scoring."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from opinionlens.errors import ArtefactUnsupported
from opinionlens.text.ngrams import char_ngrams, word_ngrams

Rows = npt.NDArray[np.int32]

# Words met before are answered from memory: about 300 bytes a word, so 10 MB when full.
_CACHED_WORDS = 32_768
# A longer token is noise (a key, a base64 string), unlikely to come again and expensive to keep.
_CACHED_WORD_CHARS = 32


def _rows_of(terms: Sequence[str], block: str) -> dict[str, int]:
    rows = {term: row for row, term in enumerate(terms)}
    if len(rows) != len(terms):
        raise ArtefactUnsupported(f"The vocabulary of the block {block!r} holds a term twice.")
    return rows


class WordRows:
    """Looks up word n-grams."""

    def __init__(self, terms: Sequence[str], low: int, high: int) -> None:
        """Index the vocabulary."""
        self._rows = _rows_of(terms, "words")
        self.low, self.high = low, high

    def of(self, tokens: Sequence[str]) -> list[int]:
        """Return one row per known n-gram of the text, repeats included."""
        found = map(self._rows.get, word_ngrams(tokens, self.low, self.high))
        return [row for row in found if row is not None]

    def row(self, term: str) -> int | None:
        """Return the row of one n-gram."""
        return self._rows.get(term)

    def known(self, words: Sequence[str]) -> int:
        """Return how many of the words the vocabulary holds."""
        return sum(map(self._rows.__contains__, words))


class CharRows:
    """Looks up the character n-grams of whole tokens, remembering those of tokens met before.

    Safe to share between threads: a race only computes an entry twice.
    """

    def __init__(self, terms: Sequence[str], low: int, high: int) -> None:
        """Index the vocabulary."""
        self._rows = _rows_of(terms, "chars")
        self._low, self._high = low, high
        self._met: dict[str, bytes] = {}

    def of(self, tokens: Sequence[str]) -> Rows:
        """Return one row per known n-gram of the text, repeats included."""
        met, compute = self._met.get, self._compute
        # An empty entry is computed anew: rarer than the cost of telling it from a missing one.
        return np.frombuffer(b"".join([met(token) or compute(token) for token in tokens]), dtype=np.int32)

    def row(self, term: str) -> int | None:
        """Return the row of one n-gram."""
        return self._rows.get(term)

    def known(self, words: Sequence[str]) -> int:
        """Return how many of the words consist for at least the half of known n-grams."""
        return sum(map(self._knows, words))

    def _knows(self, word: str) -> bool:
        grams = char_ngrams(word, self._low, self._high)
        return 2 * sum(gram in self._rows for gram in grams) >= len(grams)

    def _compute(self, token: str) -> bytes:
        get = self._rows.get
        found = [row for row in map(get, char_ngrams(token, self._low, self._high)) if row is not None]
        packed = array("i", found).tobytes()  # a third of the time that a numpy array takes
        if len(token) <= _CACHED_WORD_CHARS:
            if len(self._met) >= _CACHED_WORDS:
                self._met.clear()
            self._met[token] = packed
        return packed
