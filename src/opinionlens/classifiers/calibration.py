"""From decision values to probabilities: the parameters are fitted in `evaluation`, applied here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
CalibrationMethod = Literal["none", "temperature", "vector"]


@dataclass(frozen=True)
class Calibration:
    """Probabilities are softmax(scale * decision + bias), one scale and one bias per class.

    `temperature` keeps one common scale and no bias, `vector` one of each per class, `none` is the plain
    softmax.
    """

    method: CalibrationMethod
    scale: tuple[float, ...]
    bias: tuple[float, ...]

    @classmethod
    def none(cls, classes: int) -> Self:
        """Return the plain softmax for that many classes."""
        return cls(method="none", scale=(1.0,) * classes, bias=(0.0,) * classes)

    def apply(self, decisions: FloatArray) -> FloatArray:
        """Return probabilities (n, k), rows summing to 1, for decision values (n, k)."""
        logits: FloatArray = decisions * np.asarray(self.scale) + np.asarray(self.bias)
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return logits
