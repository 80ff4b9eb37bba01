"""Distance of mean embeddings: one minus their cosine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opinionlens.drift.measures.measure import Measure, Values
from opinionlens.drift.profile import Means


def cosine_distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> Values:
    """Return the cosine distances, row by row.

    1 where a row is zero.
    """
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    products = (one * other).sum(axis=1)
    return np.asarray(1 - products / np.where(lengths > 0, lengths, 1), dtype=np.float64)


def _values(window: Means, reference: Means) -> Values:
    if window.embedding is None or reference.embedding is None:
        raise ValueError("There are no embeddings.")
    # Rounding leaves -1e-16 between equal means.
    return np.maximum(cosine_distance(window.embedding, reference.embedding), 0)


EMBEDDING_DRIFT = Measure(
    "embedding_drift",
    "Mean embedding",
    "The texts use other words on average.",
    _values,
)
