"""Shift of predicted labels: Kullback–Leibler divergence.

The older measure; `label_shift` is bounded and symmetric.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import entropy

from opinionlens.drift.measures.measure import Measure, Values
from opinionlens.drift.profile import Means

# Added to every share, so that a label that one side lacks gives a large number instead of infinity.
LEAST_SHARE = 1e-4


def kl_divergence(current: NDArray[np.float64], baseline: NDArray[np.float64]) -> Values:
    """Return KL(current, baseline) in nats, row by row; always finite."""
    found = entropy(current + LEAST_SHARE, baseline + LEAST_SHARE, axis=1)
    return np.asarray(found, dtype=np.float64)


def _values(window: Means, reference: Means) -> Values:
    return kl_divergence(window.labels, reference.labels)


LABEL_DRIFT = Measure(
    "label_drift",
    "Shares of predicted labels (Kullback–Leibler)",
    "The labels are divided otherwise than in training.",
    _values,
    needs_words=False,
)
