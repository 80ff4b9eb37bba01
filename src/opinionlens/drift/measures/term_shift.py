"""The greatest move of one term's frequency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from opinionlens.drift.measures.measure import Measure, Values
from opinionlens.drift.profile import Means


def term_deviances(window: Means, reference: Means) -> NDArray[np.float64]:
    """Return the deviance of each term's frequency, window by window.

    That of a Poisson count: unlike a standardised difference it keeps rare terms from winning by chance.
    """
    if window.terms is None or reference.terms is None:
        raise ValueError("There are no terms.")
    expected = (reference.terms * reference.read_texts + 0.5) / (reference.read_texts + 1)
    size = 1 / (1 / window.read_texts + 1 / reference.read_texts)
    deviances = xlogy(window.terms, window.terms / expected) - window.terms + expected
    return np.asarray(2 * size * deviances, dtype=np.float64)


def _values(window: Means, reference: Means) -> Values:
    return np.asarray(np.sqrt(term_deviances(window, reference).max(axis=1)), dtype=np.float64)


TERM_SHIFT = Measure(
    "term_shift",
    "Most moved word",
    "At least one word became much more or much less frequent.",
    _values,
)
