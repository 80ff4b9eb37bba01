"""Terms with their counts, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from opinionlens.features.counts import Csr, canonical


@dataclass(frozen=True, eq=False)
class CountedTerms:
    """Terms and their counts.

    The columns of `counts` are the terms in their order.
    """

    terms: Sequence[str]
    counts: Csr

    def chosen(self, min_df: int, max_terms: int | None) -> CountedTerms:
        """Keep the frequent terms, sorted.

        These occur in at least `min_df` texts; of them the `max_terms` most frequent are kept. Of equally
        frequent terms the alphabetically first is kept: the choice depends on nothing else.
        """
        columns: list[int] = np.flatnonzero(document_frequencies(self.counts) >= min_df).tolist()
        if max_terms is not None and len(columns) > max_terms:
            total = np.asarray(self.counts.sum(axis=0)).tolist()
            columns.sort(key=lambda column: (-total[column], self.terms[column]))
            del columns[max_terms:]
        columns.sort(key=self.terms.__getitem__)
        return CountedTerms([self.terms[column] for column in columns], canonical(self.counts[:, columns]))


def document_frequencies(counts: Csr) -> npt.NDArray[Any]:
    """Count the texts with each term."""
    return np.bincount(counts.indices, minlength=counts.shape[1])
