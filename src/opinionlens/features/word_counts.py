"""Counts of frequent runs of tokens, by whole-array operations.

No string is built for a run too rare to be kept. A run is the run before its last token (its parent) followed
by that token. At each size the pair (parent, token) is one 64-bit key, so that telling the runs apart is
sorting integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from opinionlens.features.counts import Csr
from opinionlens.features.terms import CountedTerms, document_frequencies
from opinionlens.features.token_stream import IntArray, TokenStream


@dataclass(frozen=True, eq=False)
class _Runs:
    """The distinct runs of one size.

    Attributes:
        keys: the (parent, token) of each run; the tokens themselves for size 1.
        at: for every token of the stream the run that begins there, or -1.
    """

    keys: IntArray
    at: IntArray

    def kept(self, mask: npt.NDArray[np.bool_]) -> _Runs:
        """Return the runs under the mask, renumbered."""
        numbers = np.append(np.where(mask, np.cumsum(mask) - 1, -1), -1)  # the last is for -1
        return _Runs(self.keys[mask], numbers[self.at])


def count_frequent_words(stream: TokenStream, low: int, high: int, min_df: int) -> CountedTerms:
    """Count the runs of tokens in at least `min_df` texts.

    They have `low` to `high` tokens.
    """
    terms: list[str] = []
    found: list[Csr] = []
    runs, names = _singles(stream), stream.tokens
    for size in range(1, high + 1):
        if size > 1:
            runs = _longer(stream, runs, size)
        # A run is never more frequent than its parent, so runs that are too rare here are dropped for good.
        frequent = document_frequencies(stream.counted(runs.at, len(runs.keys))) >= min_df
        runs = runs.kept(frequent)
        names = _names(stream, names, runs.keys, size)
        if size >= low:
            terms += names
            found.append(stream.counted(runs.at, len(names)))
    return CountedTerms(terms, sp.hstack(found, format="csr"))


def _singles(stream: TokenStream) -> _Runs:
    return _Runs(np.arange(len(stream.tokens)), stream.ids)


def _longer(stream: TokenStream, parents: _Runs, size: int) -> _Runs:
    """Return the runs of `size` tokens with known parents."""
    begins = np.flatnonzero((parents.at >= 0) & stream.room(size))
    pairs = parents.at[begins] * len(stream.tokens) + stream.ids[begins + size - 1]
    keys, numbers = np.unique(pairs, return_inverse=True)
    at = np.full(len(stream.ids), -1, dtype=np.int64)
    at[begins] = numbers
    return _Runs(keys, at)


def _names(stream: TokenStream, parents: Sequence[str], keys: IntArray, size: int) -> list[str]:
    if size == 1:
        return [stream.tokens[key] for key in keys]
    before, last = np.divmod(keys, len(stream.tokens))
    return [f"{parents[b]} {stream.tokens[t]}" for b, t in zip(before.tolist(), last.tolist(), strict=True)]
