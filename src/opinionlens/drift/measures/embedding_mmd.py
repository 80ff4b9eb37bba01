"""Distance of the embeddings' distributions: maximum mean discrepancy."""

from __future__ import annotations

import numpy as np

from opinionlens.drift.measures.measure import Measure, Values
from opinionlens.drift.profile import Means


def _values(window: Means, reference: Means) -> Values:
    if window.fourier is None or reference.fourier is None:
        raise ValueError("There are no embeddings.")
    return np.asarray(np.linalg.norm(window.fourier - reference.fourier, axis=1), dtype=np.float64)


EMBEDDING_MMD = Measure(
    "embedding_mmd",
    "Distribution of embeddings",
    "The texts are spread otherwise over topics and wordings.",
    _values,
)
