"""Expected quality of answers without labels.

Confidence-based performance estimation: where probabilities are calibrated, an answer given with 0.8 is right
in 80 % of cases, so the number of right answers follows the Poisson-binomial distribution. The confusion
table is expected in the same way, class by class. It assumes that probabilities stay calibrated, which
nothing here can check: on texts of another kind the estimate may be far off.

The interval is that of chance alone, by the delta method; it needs sums only, so memory does not grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from opinionlens.evaluation.intervals import Interval
from opinionlens.text.labels import LABELS

_LEVEL = 0.95
_CLASSES = len(LABELS)
# Inner limits of the groups by confidence that feedback is weighed in.
SURENESS_EDGES = (0.5, 0.7, 0.9)


@dataclass(frozen=True)
class QualityEstimate:
    """Expected quality of a window's answers.

    Attributes:
        texts: in the window.
        accuracy: share of right answers.
        macro_f1: mean of the classes' F1.
    """

    texts: int
    accuracy: Interval
    macro_f1: Interval


class QualitySums:
    """Sums of probabilities, for the expected quality.

    Attributes:
        strata: answers by predicted label and confidence, (3, 4).
    """

    def __init__(self) -> None:
        """Begin with no answers."""
        # By predicted label: the probabilities of the true one, and their products.
        self._joint = np.zeros((_CLASSES, _CLASSES))
        self._products = np.zeros((_CLASSES, _CLASSES, _CLASSES))
        self.strata = np.zeros((_CLASSES, len(SURENESS_EDGES) + 1), dtype=np.int64)

    @property
    def texts(self) -> int:
        """The number of answers so far."""
        return int(self.strata.sum())

    def add(self, probabilities: NDArray[np.float64]) -> None:
        """Add answers (n, 3), in the order of LABELS."""
        if not len(probabilities):
            return
        predicted = probabilities.argmax(axis=1)
        for code in range(_CLASSES):
            rows = probabilities[predicted == code]
            self._joint[code] += rows.sum(axis=0)
            self._products[code] += rows.T @ rows
        np.add.at(self.strata, strata_of(probabilities), 1)

    def estimate(self) -> QualityEstimate | None:
        """Return the expected quality.

        None without answers.
        """
        if not self.texts:
            return None
        # Of each predicted label: how the counts of true labels vary together.
        spread = np.stack([np.diag(row) for row in self._joint]) - self._products
        hits, size = np.diagonal(self._joint), self._joint.sum(axis=0) + self._joint.sum(axis=1)
        safe = np.where(size > 0, size, 1.0)
        accuracy_slopes = np.eye(_CLASSES) / self.texts
        f1_slopes = 2 * (np.eye(_CLASSES) / safe - hits / safe**2) / _CLASSES
        return QualityEstimate(
            self.texts,
            accuracy=_interval(float(hits.sum() / self.texts), accuracy_slopes, spread),
            macro_f1=_interval(float((2 * hits / safe).mean()), f1_slopes, spread),
        )


def strata_of(probabilities: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the predicted label and the group by confidence."""
    sureness = np.searchsorted(np.asarray(SURENESS_EDGES), probabilities.max(axis=1), side="right")
    return probabilities.argmax(axis=1), sureness


def _interval(value: float, slopes: NDArray[np.float64], spread: NDArray[np.float64]) -> Interval:
    """Return the interval of a statistic of the table.

    Args:
        value: of the statistic.
        slopes: its derivatives by the table's cells, predicted label by true label.
        spread: covariances of the true labels' counts, by predicted label.
    """
    variance = float(np.einsum("ji,jik,jk->", slopes, spread, slopes))
    reach = NormalDist().inv_cdf(0.5 + _LEVEL / 2) * max(variance, 0.0) ** 0.5
    return Interval(value, max(0.0, value - reach), min(1.0, value + reach), _LEVEL)
