"""Look-up of runs of tokens, by whole-array operations.

No string is built for any run of any text. The terms form a tree: a run is its parent (the run before its
last token) followed by that token. Each size is one sorted array of 64-bit keys (parent, token); looking up
all runs of all texts is one search in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from opinionlens.features.counts import Csr
from opinionlens.features.token_stream import IntArray, TokenStream

_NO_PARENT = 0


@dataclass(frozen=True, eq=False)
class _Level:
    """The runs of one size.

    `keys` are sorted; `columns` has the column of each, -1 for one that is no term itself.
    """

    keys: IntArray
    columns: IntArray

    def find(self, keys: IntArray) -> IntArray:
        """Return the position of each key, or -1."""
        if not len(self.keys):
            return np.full(len(keys), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, places, -1)


@dataclass(frozen=True, eq=False)
class WordIndex:
    """Runs of tokens and their columns."""

    tokens: dict[str, int]
    levels: tuple[_Level, ...]
    width: int

    @classmethod
    def of(cls, terms: Sequence[str]) -> Self:
        """Index terms, each in the column of its position."""
        tokens: dict[str, int] = {}
        parts = [[tokens.setdefault(token, len(tokens)) for token in term.split(" ")] for term in terms]
        sizes = np.array([len(part) for part in parts], dtype=np.int64)
        levels = []
        runs = np.full(len(terms), _NO_PARENT, dtype=np.int64)
        for size in range(1, int(sizes.max(initial=0)) + 1):
            longer = np.flatnonzero(sizes >= size)
            last = np.array([parts[term][size - 1] for term in longer], dtype=np.int64)
            keys, runs[longer] = np.unique(runs[longer] * len(tokens) + last, return_inverse=True)
            columns = np.full(len(keys), -1, dtype=np.int64)
            whole = np.flatnonzero(sizes == size)
            columns[runs[whole]] = whole
            levels.append(_Level(keys, columns))
        return cls(tokens, tuple(levels), len(terms))

    def count(self, stream: TokenStream) -> Csr:
        """Count the indexed runs in every text."""
        number = np.array([self.tokens.get(token, -1) for token in stream.tokens], dtype=np.int64)
        ids = number[stream.ids]
        runs = np.full(len(ids), _NO_PARENT, dtype=np.int64)
        total = sp.csr_array((stream.n, self.width), dtype=np.int32)
        for size, level in enumerate(self.levels, start=1):
            # Where a run may begin: its parent is known, it stays in its text, and its last token is known.
            begins = np.flatnonzero((runs >= 0) & stream.room(size))
            begins = begins[ids[begins + size - 1] >= 0]
            keys = runs[begins] * len(self.tokens) + ids[begins + size - 1]
            runs = np.full(len(ids), -1, dtype=np.int64)
            runs[begins] = level.find(keys)
            columns = np.append(level.columns, -1)[runs]  # the last is for -1
            total = total + stream.counted(columns, self.width)
        return total
