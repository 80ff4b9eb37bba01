"""Many texts as one run of numbered tokens.

Each text is tokenised once, and each distinct token handled once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from opinionlens.features.counts import Csr, canonical

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TokenStream:
    """The tokens of all texts, one text after another.

    Attributes:
        tokens: the distinct tokens, in order of first appearance.
        ids: for every token of every text its position in `tokens`.
        starts: where each text begins in `ids`, and at the end where the last one ends.
    """

    tokens: Sequence[str]
    ids: IntArray
    starts: IntArray

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]]) -> Self:
        """Number the tokens of tokenised texts."""
        numbers: dict[str, int] = {}
        ids: list[int] = []
        starts = [0]
        for tokens in texts:
            # The default is worked out before the look-up, so the next free number is the current size.
            ids += [numbers.setdefault(token, len(numbers)) for token in tokens]
            starts.append(len(ids))
        return cls(tuple(numbers), np.array(ids, dtype=np.int64), np.array(starts, dtype=np.int64))

    @property
    def n(self) -> int:
        """The number of texts."""
        return len(self.starts) - 1

    def room(self, size: int) -> npt.NDArray[np.bool_]:
        """Return for each token whether a run fits there.

        A run of `size` tokens that begins with it must stay inside its text.
        """
        ends = np.repeat(self.starts[1:], np.diff(self.starts))
        return np.arange(len(self.ids)) + size <= ends

    def counted(self, columns: IntArray, width: int) -> Csr:
        """Count the given column of every token, by text.

        -1 is left out.
        """
        valid = columns >= 0
        before = np.concatenate(([0], np.cumsum(valid)))
        indices = columns[valid].astype(np.int32)
        ones: npt.NDArray[Any] = np.ones(len(indices), dtype=np.int32)
        return canonical(sp.csr_array((ones, indices, before[self.starts]), shape=(self.n, width)))
