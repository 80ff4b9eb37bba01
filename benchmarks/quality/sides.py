"""Which side an answer takes, where no text is neutral, and what a tie counts.

Of probabilities the larger of negative and positive wins, and of a value such as VADER's compound the sign.
Where neither is ahead there is no answer: it takes the place of neutral in a confusion table, and counts half
on each side.
"""

from __future__ import annotations

import numpy as np

from opinionlens.evaluation.codes import Codes, Counts, Floats
from opinionlens.text.labels import LABELS, Label

_NEGATIVE, _NEUTRAL, _POSITIVE = (
    LABELS.index(label) for label in (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE)
)


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
