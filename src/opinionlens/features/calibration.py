"""Conversion of decision values to probabilities.

`evaluation` fits a calibration, `classifiers` apply it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

MOST_PIVOTS = 16


class Method(StrEnum):
    """The method of calibration, from simple to rich."""

    NONE = "none"
    TEMPERATURE = "temperature"
    VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class LengthScaling:
    """Damping of the logits of long texts.

    Those of a text longer than `pivot` are multiplied by (pivot / length) ** exponent. Lengths are those of
    `text.repeats.evidence_length`, in tokens. A model is more often wrong on a text longer than those that it
    was calibrated on, while its decision values grow with the length.

    The exponent is negative where a model is right about long texts more often than its decision values say,
    as one of tweets and film reviews. Then lengths count up to `MOST_PIVOTS` times the pivot, so that no
    length alone makes an answer certain.
    """

    pivot: float
    exponent: float

    def factor(self, length: int) -> float:
        """Return the factor for the logits of such a text."""
        if length <= self.pivot:
            return 1.0
        return float((self.pivot / min(length, self._longest)) ** self.exponent)

    def factors(self, lengths: npt.ArrayLike) -> FloatArray:
        """Return `factor` of every length (n,)."""
        beyond = np.clip(np.asarray(lengths, dtype=np.float64), self.pivot, self._longest)
        return np.asarray((self.pivot / beyond) ** self.exponent, dtype=np.float64)

    @property
    def _longest(self) -> float:
        return math.inf if self.exponent >= 0 else MOST_PIVOTS * self.pivot


@dataclass(frozen=True, slots=True)
class Calibration:
    """Parameters of calibrated probabilities.

    They are softmax(t * (scale * decision + bias)), one scale and one bias per class. `temperature` keeps one
    common scale and no bias, `vector` one of each per class, `none` is the plain softmax. t is the factor of
    `length`, and 1 without one.
    """

    method: Method
    scale: tuple[float, ...]
    bias: tuple[float, ...]
    length: LengthScaling | None = None

    @classmethod
    def none(cls, classes: int) -> Self:
        """Return the plain softmax for that many classes."""
        return cls(Method.NONE, (1.0,) * classes, (0.0,) * classes)

    def logits(self, decisions: npt.NDArray[np.floating], lengths: npt.ArrayLike | None = None) -> FloatArray:
        """Return the logits (n, k) for decision values (n, k).

        Args:
            decisions: the decision values (n, k).
            lengths: the lengths (n,) of the texts; without them no text is taken to be long.
        """
        logits: FloatArray = decisions * np.asarray(self.scale) + np.asarray(self.bias)
        if self.length is not None and lengths is not None:
            logits *= self.length.factors(lengths)[:, None]
        return logits

    def apply(self, decisions: npt.NDArray[np.floating], lengths: npt.ArrayLike | None = None) -> FloatArray:
        """Return probabilities (n, k), rows summing to 1.

        The arguments are those of `logits`.
        """
        logits = self.logits(decisions, lengths)
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return logits
