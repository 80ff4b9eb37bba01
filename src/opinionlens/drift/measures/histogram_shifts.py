"""Greatest distance of two cumulative histograms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opinionlens.drift.measures.measure import Values


def kolmogorov_smirnov(window: NDArray[np.float64], reference: NDArray[np.float64]) -> Values:
    """Return the Kolmogorov–Smirnov statistic of shares, row by row.

    It is that of the single values at the bins' edges; its usual tables of significance do not hold for it,
    so thresholds come from resampling.
    """
    distances = np.abs(np.cumsum(window, axis=1) - np.cumsum(reference, axis=1))
    return np.asarray(distances.max(axis=1), dtype=np.float64)
