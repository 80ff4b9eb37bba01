"""The weights of the general expert and its gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from opinionlens.classifiers.linear.weight_arrays import (
    check_floats,
    refuse_weights,
    terms_from_arrays,
    terms_to_arrays,
)
from opinionlens.features.calibration import FloatArray
from opinionlens.text.general import GENERAL_FEATURES

ARRAYS = ("general.coef", "general.intercept", "gate.terms", "gate.lengths", "gate.values", "gate.numbers")


@dataclass(frozen=True, eq=False)
class GeneralWeights:
    """The weights of the general expert and its gate.

    An artifact holds them in this form.

    Attributes:
        coef: weight of each of `GENERAL_FEATURES` (k, features), one row per label.
        intercept: of the expert (k,).
        terms: words of the training texts.
        likeness: how much each belongs to them; see `text.likeness`.
        unseen: the share that is assumed of a word that they lack.
        low: mean likeness up to which the expert counts in full.
        high: mean likeness from which on the n-grams alone count.
        floor: how much the n-grams count in any text, from 0 to 1.
    """

    coef: FloatArray
    intercept: FloatArray
    terms: Sequence[str]
    likeness: FloatArray
    unseen: float
    low: float
    high: float
    floor: float

    def __post_init__(self) -> None:
        """Refuse shapes that do not match, NaN and infinity."""
        check_floats(self.intercept, (self.intercept.size,), "general.intercept")
        check_floats(self.coef, (self.intercept.size, len(GENERAL_FEATURES)), "general.coef")
        check_floats(self.likeness, (len(self.terms),), "gate.values")
        numbers = self._numbers
        check_floats(np.array(numbers), (len(numbers),), "gate.numbers")
        if not (0 < self.unseen < 1 and self.low < self.high and 0 <= self.floor <= 1):
            refuse_weights(f"the gate cannot have the numbers {numbers}")

    @property
    def _numbers(self) -> tuple[float, ...]:
        return (self.unseen, self.low, self.high, self.floor)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the weights as the arrays of a weights file."""
        utf8, lengths = terms_to_arrays(self.terms)
        return {
            "general.coef": self.coef,
            "general.intercept": self.intercept,
            "gate.terms": utf8,
            "gate.lengths": lengths,
            "gate.values": self.likeness,
            "gate.numbers": np.array(self._numbers),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Return the weights from the arrays of `arrays`.

        Raises:
            ArtifactUnsupported: an array has another type or shape, or numbers that cannot be.
        """
        numbers = arrays["gate.numbers"]
        check_floats(numbers, (4,), "gate.numbers")
        unseen, low, high, floor = numbers.tolist()
        return cls(
            arrays["general.coef"],
            arrays["general.intercept"],
            terms_from_arrays(arrays["gate.terms"], arrays["gate.lengths"], "gate"),
            arrays["gate.values"],
            unseen,
            low,
            high,
            floor,
        )
