"""The result of a fit: decision values for counted texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from opinionlens.features.counts import Counts
from opinionlens.features.weighting import Weighting
from opinionlens.text.labels import Label

FloatArray = npt.NDArray[np.float64]

# Below this a probability from votes says "never seen", not "impossible"; its logarithm must stay finite.
LEAST_PROBABILITY = 1e-6


class Estimator(Protocol):
    """A fitted model over counted texts, not yet calibrated."""

    @property
    def classes(self) -> tuple[Label, ...]:
        """The training labels in the order of LABELS.

        They are the columns of its decision values.
        """

    @property
    def converged(self) -> bool:
        """Whether the solver reached its tolerance before its iteration limit."""

    def decision_values(self, counts: Counts) -> FloatArray:
        """Return one decision value per text and class.

        The largest is the prediction, their softmax the probabilities.
        """


@dataclass(frozen=True, eq=False)
class LinearEstimator:
    """A linear model, the result of every linear family.

    decision = weighted counts @ coef.T + intercept. With two classes the rows of `coef` are opposites and
    half as long as usual, so that their difference is the usual single decision value and their softmax the
    usual sigmoid.
    """

    classes: tuple[Label, ...]
    weighting: Weighting
    coef: FloatArray
    intercept: FloatArray
    converged: bool = True

    def decision_values(self, counts: Counts) -> FloatArray:
        """Return (n, k) values."""
        decision: FloatArray = self.weighting.apply(counts) @ self.coef.T + self.intercept
        return decision


@dataclass(frozen=True, eq=False)
class SklearnEstimator:
    """A fitted scikit-learn model on some columns of weighted counts.

    The scale of every other column of words and characters is 0: those terms do not count for the norm.
    """

    classes: tuple[Label, ...]
    weighting: Weighting
    columns: npt.NDArray[np.int64]
    model: Any
    converged: bool = True

    def decision_values(self, counts: Counts) -> FloatArray:
        """Return (n, k) log-probabilities, clipped from below."""
        seen = self.weighting.apply(counts)[:, self.columns]
        probabilities: FloatArray = self.model.predict_proba(seen).astype(np.float64, copy=False)
        return np.log(np.maximum(probabilities, LEAST_PROBABILITY))
