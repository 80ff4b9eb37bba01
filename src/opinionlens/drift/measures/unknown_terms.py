"""Change of the share of words that the vocabulary lacks."""

from __future__ import annotations

import numpy as np

from opinionlens.drift.measures.measure import Measure, Values
from opinionlens.drift.profile import Means


def _values(window: Means, reference: Means) -> Values:
    if window.unknown is None or reference.unknown is None:
        raise ValueError("The share of unknown words is not known.")
    return np.abs(window.unknown - reference.unknown)


UNKNOWN_TERMS = Measure(
    "unknown_terms",
    "Share of unknown words",
    "The texts have more or fewer words that the model does not know.",
    _values,
)
