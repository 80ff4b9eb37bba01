"""Two classifiers' predictions for one text, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from opinionlens.classifiers.prediction import Prediction


@dataclass(frozen=True, slots=True)
class PredictionPair:
    """The predictions of two classifiers for one text."""

    first: Prediction
    second: Prediction

    @property
    def differs(self) -> bool:
        """Whether the labels differ."""
        return self.first.label is not self.second.label

    @property
    def changes(self) -> tuple[float, float, float]:
        """How far each probability moves, in the order of LABELS.

        From the first to the second.
        """
        first, second = self.first.probabilities, self.second.probabilities
        return (second[0] - first[0], second[1] - first[1], second[2] - first[2])

    @property
    def largest_change(self) -> float:
        """The largest move of a probability, without its sign."""
        return max(map(abs, self.changes))
