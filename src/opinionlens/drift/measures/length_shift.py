"""Shift of the texts' lengths: Kolmogorov–Smirnov."""

from __future__ import annotations

from opinionlens.drift.measures.histogram_shifts import kolmogorov_smirnov
from opinionlens.drift.measures.measure import Measure, Values
from opinionlens.drift.profile import Means


def _values(window: Means, reference: Means) -> Values:
    return kolmogorov_smirnov(window.length, reference.length)


LENGTH_SHIFT = Measure(
    "length_shift",
    "Lengths of texts",
    "The texts are longer, shorter, or cut at another length.",
    _values,
    needs_words=False,
)
