"""Shift of predicted labels: Jensen–Shannon distance."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import jensenshannon

from opinionlens.drift.measures.measure import Measure, Values
from opinionlens.drift.profile import Means


def _values(window: Means, reference: Means) -> Values:
    # From 0 (the same shares) to 1 (no label in common). Rounding can make a distance of 0 NaN.
    distances = jensenshannon(window.labels, reference.labels, base=2, axis=1)
    return np.nan_to_num(np.asarray(distances, dtype=np.float64))


LABEL_SHIFT = Measure(
    "label_shift",
    "Shares of predicted labels",
    "The labels are divided otherwise than in training.",
    _values,
    needs_words=False,
)
