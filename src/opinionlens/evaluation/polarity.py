"""The sign of a prediction, for texts of two classes.

A model that may predict "neutral" would lose every such prediction there, so the larger of P(negative) and
P(positive) wins.
"""

from __future__ import annotations

import numpy as np

from opinionlens.evaluation.codes import Codes, Floats
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
