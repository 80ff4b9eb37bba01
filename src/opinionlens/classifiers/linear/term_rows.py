"""From tokens to the rows of the weight table."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.linear.pacing import slices
from opinionlens.text.memo import Memo
from opinionlens.text.ngrams import char_ngrams, word_ngrams

Rows = npt.NDArray[np.int32]

# Words met before are answered from memory: about 300 bytes a word, so 10 MB when full.
_CACHED_WORDS = 32_768
# CPython lays out a table of strings alone without their hashes: every look and every step of its growth then
# goes to the strings themselves. One key of another kind at the start keeps the hashes in the table: half a
# million terms are found a third faster, for 5 MB, and no step of the growth takes half as long.
_KEEPS_HASHES: Any = 0


def _rows_of(terms: Sequence[str], block: str) -> dict[str, int]:
    rows: dict[str, int] = {_KEEPS_HASHES: 0}
    for part in slices(terms):
        rows.update(zip(part, range(len(rows) - 1, len(terms)), strict=False))
    del rows[_KEEPS_HASHES]
    if len(rows) != len(terms):
        raise _holds_a_term_twice(block)
    return rows


def _holds_a_term_twice(block: str) -> ArtifactUnsupported:
    return ArtifactUnsupported(f"The vocabulary of the block {block!r} holds a term twice.")


class WordRows:
    """The word n-grams of a vocabulary and their rows.

    They are kept in many small tables: the last word of an n-gram below all that is before it. A pair of
    words is then found without writing it, and no table takes long to grow beside the answers of another
    model. Safe to share between threads.
    """

    def __init__(self, terms: Sequence[str], low: int, high: int, *, spaces: bool = False) -> None:
        """Index the vocabulary.

        Args:
            terms: the n-grams.
            low: words of the shortest.
            high: words of the longest.
            spaces: whether a token may hold spaces, as telephone numbers of NLTK's tokenizer do.

        Raises:
            ArtifactUnsupported: a term is there twice.
        """
        self.low, self.high = low, high
        self._single: dict[str, int] = {_KEEPS_HASHES: 0}
        self._following: dict[str, dict[str, int]] = {_KEEPS_HASHES: {}}
        self._fill(terms)
        del self._single[_KEEPS_HASHES], self._following[_KEEPS_HASHES]
        # Other n-grams than words and pairs of words are looked up as they are written.
        self._is_usual = low == 1 and high <= 2 and not spaces
        row_of, pairs_of = self._single.get, (self._following if high == 2 else {}).get
        # A word's row and its pairs. Not by a method: it would keep these tables from being freed at once.
        self._met = Memo(lambda token: (row_of(token), pairs_of(token)), _CACHED_WORDS)

    def _fill(self, terms: Sequence[str]) -> None:
        single, following = self._single, self._following
        # Each word once, in whatever n-grams it is; by length, so that this table grows in small steps, too.
        words: defaultdict[int, dict[str, str]] = defaultdict(dict)
        row = twice = 0
        for part in slices(terms):
            for term in part:
                before, space, last = term.rpartition(" ")
                table = single
                if space:
                    table = following.get(before) or following.setdefault(before, {})
                twice += last in table
                table[words[len(last)].setdefault(last, last)] = row
                row += 1
        if twice:
            raise _holds_a_term_twice("words")

    def row(self, gram: str) -> int | None:
        """Return the row of a known n-gram."""
        before, space, last = gram.rpartition(" ")
        return (self._following.get(before, {}) if space else self._single).get(last)

    def tables(self) -> Iterator[dict[str, Any]]:
        """Yield all tables.

        Emptying them frees the memory of a classifier that no longer answers.
        """
        yield self._met  # it holds tables of the last
        yield self._single
        yield self._following

    def of(self, tokens: Sequence[str]) -> list[int]:
        """Return a row for each known n-gram of the text.

        Repeats included, in any order.
        """
        if not self._is_usual:
            found = map(self.row, word_ngrams(tokens, self.low, self.high))
            return [row for row in found if row is not None]
        rows: list[int] = []
        pairs, met = None, self._met
        for token in tokens:
            row, following = met[token]
            if row is not None:
                rows.append(row)
            if pairs is not None:
                row = pairs.get(token)
                if row is not None:
                    rows.append(row)
            pairs = following
        return rows

    def is_known(self, word: str) -> bool:
        """Return whether the vocabulary holds a word."""
        return word in self._single

    def known(self, words: Sequence[str]) -> int:
        """Return how many of the words the vocabulary holds."""
        return sum(map(self._single.__contains__, words))


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
        self._met: Memo[bytes] = Memo(_rows_in_token(self.row, low, high), _CACHED_WORDS)

    def tables(self) -> Iterator[dict[str, Any]]:
        """Yield all tables.

        Emptying them frees the memory of a classifier that no longer answers.
        """
        yield self._rows

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


def _rows_in_token(row_of: Callable[[str], int | None], low: int, high: int) -> Callable[[str], bytes]:
    """Return a function that finds a token's rows.

    Not a method, which would keep the table from being freed at once.
    """

    def rows_in(token: str) -> bytes:
        found = [row for row in map(row_of, char_ngrams(token, low, high)) if row is not None]
        return array("i", found).tobytes()  # a third of the time that a numpy array takes

    return rows_in
