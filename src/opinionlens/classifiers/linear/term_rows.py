"""From tokens to the rows of the weight table."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.linear.pacing import slices
from opinionlens.text.memo import Memo
from opinionlens.text.ngrams import char_ngrams, word_ngrams

Rows = npt.NDArray[np.int32]

# Words met before are answered from memory: about 300 bytes a word, so 10 MB when full.
_CACHED_WORDS = 32_768


def _rows_of(terms: Sequence[str], block: str) -> dict[str, int]:
    # CPython lays out a table of strings alone without their hashes: every look and every step of its growth
    # then goes to the strings themselves. One key of another kind at the start keeps the hashes in the table:
    # half a million terms are found a third faster, for 5 MB, and no step of the growth takes half as long.
    rows: dict[str, int] = {0: 0}  # type: ignore[dict-item]
    for part in slices(terms):
        rows.update(zip(part, range(len(rows) - 1, len(terms)), strict=False))
    del rows[0]  # type: ignore[arg-type]
    if len(rows) != len(terms):
        raise ArtifactUnsupported(f"The vocabulary of the block {block!r} holds a term twice.")
    return rows


class WordRows:
    """The word n-grams of a vocabulary and their rows."""

    def __init__(self, terms: Sequence[str], low: int, high: int) -> None:
        """Index the vocabulary."""
        self._rows = _rows_of(terms, "words")
        self.row = self._rows.get  # the row of one n-gram, None if it is unknown
        self.low, self.high = low, high

    @property
    def vocabulary(self) -> dict[str, int]:
        """Every n-gram with its row.

        Emptying it frees the memory of a classifier that no longer answers.
        """
        return self._rows

    def of(self, tokens: Sequence[str]) -> list[int]:
        """Return a row for each known n-gram of the text.

        Repeats included.
        """
        found = map(self._rows.get, word_ngrams(tokens, self.low, self.high))
        return [row for row in found if row is not None]

    def known(self, words: Sequence[str]) -> int:
        """Return how many of the words the vocabulary holds."""
        return sum(map(self._rows.__contains__, words))


class CharRows:
    """The character n-grams of a vocabulary and their rows.

    The n-grams are those of whole tokens; those of tokens met before are remembered. Safe to share between
    threads: a race only computes an entry twice.
    """

    def __init__(self, terms: Sequence[str], low: int, high: int) -> None:
        """Index the vocabulary."""
        self._rows = _rows_of(terms, "chars")
        self.row = self._rows.get
        self._low, self._high = low, high
        self._met: Memo[bytes] = Memo(self._compute, _CACHED_WORDS)

    @property
    def vocabulary(self) -> dict[str, int]:
        """Every n-gram with its row.

        Emptying it frees the memory of a classifier that no longer answers.
        """
        return self._rows

    def of(self, tokens: Sequence[str]) -> Rows:
        """Return a row for each known n-gram of the text.

        Repeats included.
        """
        return np.frombuffer(b"".join(map(self._met.__getitem__, tokens)), dtype=np.int32)

    def known(self, words: Sequence[str]) -> int:
        """Return the number of known words.

        A word is known if at least half of its n-grams are.
        """
        return sum(map(self._knows, words))

    def _knows(self, word: str) -> bool:
        grams = char_ngrams(word, self._low, self._high)
        return 2 * sum(gram in self._rows for gram in grams) >= len(grams)

    def _compute(self, token: str) -> bytes:
        found = [row for row in map(self.row, char_ngrams(token, self._low, self._high)) if row is not None]
        return array("i", found).tobytes()  # a third of the time that a numpy array takes
