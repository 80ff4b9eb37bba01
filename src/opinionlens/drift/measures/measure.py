"""The form of a measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opinionlens.drift.profile import Means

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """One distance of windows from the training texts.

    Attributes:
        name: as gauges and reports show it.
        title: for people.
        says: the sentence for a value above the threshold.
        values: the distance of each window from its reference; more is farther.
        needs_words: whether it can only be taken where the texts are at hand.
    """

    name: str
    title: str
    says: str
    values: Callable[[Means, Means], Values]
    needs_words: bool = True
