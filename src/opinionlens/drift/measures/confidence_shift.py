"""Shift of the winning probability: Kolmogorov–Smirnov."""

from __future__ import annotations

from opinionlens.drift.measures.histogram_shifts import kolmogorov_smirnov
from opinionlens.drift.measures.measure import Measure, Values
from opinionlens.drift.profile import Means


def _values(window: Means, reference: Means) -> Values:
    return kolmogorov_smirnov(window.confidence, reference.confidence)


CONFIDENCE_SHIFT = Measure(
    "confidence_shift",
    "Confidence of predictions",
    "The model is surer or less sure than it was on texts like those of training.",
    _values,
    needs_words=False,
)
