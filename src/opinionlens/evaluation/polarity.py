"""The sign of a prediction, for texts of two classes.

A model that may predict "neutral" would lose every such prediction there, so the larger of P(negative) and
P(positive) wins, and of a value such as VADER's compound the sign. Where neither side is ahead there is no
prediction: it takes the place of neutral in a confusion table, and `share_ties` counts it half on each side.
"""

from __future__ import annotations

import numpy as np

from opinionlens.evaluation.codes import Codes, Counts, Floats
from opinionlens.text.labels import LABELS, Label

_NEGATIVE, _NEUTRAL, _POSITIVE = (
    LABELS.index(label) for label in (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE)
)


def is_two_class(truth: Codes) -> bool:
    """Tell whether there are negative, positive and no neutral rows."""
    return {_NEGATIVE, _POSITIVE} == set(np.unique(truth).tolist())


def by_sign(probabilities: Floats) -> Floats:
    """Return the probabilities without neutral, rescaled.

    One half each where nothing is left.
    """
    signed = probabilities.copy()
    signed[:, _NEUTRAL] = 0.0
    left = signed.sum(axis=1, keepdims=True)
    halves = np.where(np.arange(len(LABELS)) == _NEUTRAL, 0.0, 0.5)
    return np.asarray(np.where(left > 0, signed / np.where(left > 0, left, 1.0), halves))


def lean(probabilities: Floats) -> Floats:
    """Return P(positive) minus P(negative) of each row."""
    return np.asarray(probabilities[:, _POSITIVE] - probabilities[:, _NEGATIVE])


def sign_codes(values: Floats) -> Codes:
    """Return the codes of the signs of some values.

    Positive above 0, negative below, and the code of neutral for a tie.
    """
    return np.select([values > 0, values < 0], [_POSITIVE, _NEGATIVE], _NEUTRAL)


def share_ties(tables: Counts) -> Floats:
    """Give each side half of the ties in tables.

    The tables (..., 3, 3) are of rows that are never neutral.
    """
    shared = tables.astype(np.float64)
    half = shared[..., _NEUTRAL] / 2
    shared[..., _NEGATIVE] += half
    shared[..., _POSITIVE] += half
    shared[..., _NEUTRAL] = 0.0
    return shared
