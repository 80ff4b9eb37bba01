"""Weights of texts that balance the classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from opinionlens.features.counts import FloatArray

Codes = npt.NDArray[np.int64]


def balanced_weights(codes: Codes, balance: float, groups: Codes) -> FloatArray:
    """Return a weight per text that balances the classes.

    At balance 0 it is 1 for all; at balance 1 every class of a group has the same weight in total.

    Args:
        codes: the class of each text.
        balance: from 0 to 1.
        groups: the source of each text. Film reviews that are never neutral would otherwise make neutral
            tweets count for more, and positive ones for less, than tweets alone do.
    """
    weights = np.empty(len(codes))
    for group in np.unique(groups):
        inside = groups == group
        weights[inside] = _balanced(codes[inside], balance)
    return weights


def _balanced(codes: Codes, balance: float) -> FloatArray:
    present, inverse, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    per_class = (len(codes) / (len(present) * sizes)) ** balance
    weights: FloatArray = per_class[inverse]
    return weights
