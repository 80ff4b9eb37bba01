"""Sums of a window, many texts at a time.

The same as `WindowSums` makes of texts, in less processor time: every request pays for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from opinionlens.drift.embedding import DIMENSIONS, fourier_sum
from opinionlens.drift.profile import TextProfile
from opinionlens.drift.term_table import NO_WORD, TermTable
from opinionlens.drift.windows import KnowsWord, WindowSums, distinct_terms

# Tokens of a text that are surely not too many terms.
_FEW = 1_000
_MOST_IN_BYTE = 255


def batch_terms(tokens: Sequence[str], text: str) -> Sequence[str]:
    """Return the terms of `distinct_terms`, some perhaps repeated."""
    return tokens if len(tokens) <= _FEW and text.isascii() else distinct_terms(tokens, text)


class BatchSums(WindowSums):
    """The sums of a window, gathered by the batch."""

    def __init__(self, profile: TextProfile, table: TermTable) -> None:
        """Take a profile and the table of its terms."""
        super().__init__(profile)
        self._table = table

    def add_batch(
        self, texts: Sequence[Sequence[str]], knows: KnowsWord | None
    ) -> NDArray[np.float64] | None:
        """Add texts' words; return their shares of unknown ones.

        NaN for a text without words; None where nothing is known of the vocabulary.

        Args:
            texts: the terms of each; repeated ones count once.
            knows: whether the vocabulary has a word.
        """
        self.read_texts += len(texts)
        repeated = np.repeat(np.arange(len(texts)), list(map(len, texts)))
        of_text, numbers = _distinct_pairs(repeated, self._table.numbers(texts, knows), len(self._table))
        sizes = np.bincount(of_text, minlength=len(texts))
        self._add_embeddings(embeddings_of(self._table.signs[numbers], sizes))
        self._add_columns(self._table.columns[numbers], of_text)
        if knows is None:
            return None
        shares = self._unknown_shares(self._table.words[numbers], of_text, len(texts))
        self.add_unknown(shares.tolist())
        return shares

    def _add_embeddings(self, embeddings: NDArray[np.float32]) -> None:
        self._embedding += embeddings.sum(axis=0, dtype=np.float64)
        self._fourier += fourier_sum(embeddings)

    def _add_columns(self, columns: NDArray[np.int64], of_text: NDArray[np.int64]) -> None:
        places = self._table.places
        rare = columns >= len(places.columns)
        # Two rare terms of a text may share a bucket, and count once.
        _, buckets = _distinct_pairs(of_text[rare], columns[rare], places.width)
        self._terms += np.bincount(np.concatenate([columns[~rare], buckets]), minlength=places.width)

    def _unknown_shares(
        self, words: NDArray[np.int64], of_text: NDArray[np.int64], texts: int
    ) -> NDArray[np.float64]:
        is_known = self._table.is_known
        is_word = words != NO_WORD
        # A word and its negated form are two terms and one word.
        of_text, words = _distinct_pairs(of_text[is_word], words[is_word], len(is_known))
        there = np.bincount(of_text, minlength=texts)
        known = np.bincount(of_text[is_known[words]], minlength=texts)
        known_shares = np.full(texts, np.nan)
        np.divide(known, there, out=known_shares, where=there > 0)
        return 1.0 - known_shares


def embeddings_of(signs: NDArray[np.uint64], sizes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return an embedding for each text, of length 1.

    The bytes of 8 signs are added up at once.

    Args:
        signs: of all terms, as in a `TermTable`, text by text.
        sizes: terms of each text; its embedding is 0 without.
    """
    positive = np.zeros((len(sizes), DIMENSIONS), dtype=np.float32)
    starts, filled = np.cumsum(sizes) - sizes, sizes > 0
    if filled.any():
        positive[filled] = np.add.reduceat(signs, starts[filled], axis=0).view(np.uint8)
    for text in np.flatnonzero(sizes > _MOST_IN_BYTE):
        own = signs[starts[text] : starts[text] + sizes[text]]
        positive[text] = own.view(np.uint8).sum(axis=0)
    embeddings = 2 * positive - sizes[:, None].astype(np.float32)
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    embeddings /= np.where(lengths > 0, lengths, 1)
    return embeddings


def _distinct_pairs(
    texts: NDArray[np.int64], values: NDArray[np.integer], end: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct pairs of text and value.

    Values are below `end`. The pairs are sorted, which is faster than `np.unique`.
    """
    pairs = texts * end + values
    pairs.sort()
    is_first = np.ones(len(pairs), dtype=np.bool_)
    np.not_equal(pairs[1:], pairs[:-1], out=is_first[1:])
    pairs = pairs[is_first]
    of_text = pairs // max(1, end)
    return of_text, pairs - of_text * end
