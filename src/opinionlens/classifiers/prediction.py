"""The prediction of a classifier for one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from opinionlens.classifiers.uncertainty import UncertainReason
from opinionlens.text.labels import LABELS, Label


@dataclass(frozen=True, slots=True)
class Prediction:
    """A prediction for one text.

    `probabilities` are in the order of LABELS whatever the classifier knows: 0.0 for a class that it lacks.
    `tokens` are those that the classifier read, joined by blanks, so that they need not be cut again; None
    where it does not say.
    """

    label: Label
    confidence: float
    probabilities: tuple[float, float, float]
    reason: UncertainReason | None = None
    tokens: str | None = field(default=None, compare=False, repr=False)

    @property
    def uncertain(self) -> bool:
        """Whether the prediction is unreliable; `reason` says why."""
        return self.reason is not None

    @classmethod
    def of(
        cls,
        labels: Sequence[Label],
        probabilities: Sequence[float],
        reason: UncertainReason | None,
        tokens: str | None = None,
    ) -> Self:
        """Return a prediction from the classifier's own probabilities.

        Of equals the first in the order of LABELS wins.
        """
        confidence = max(probabilities)
        if labels == LABELS:
            negative, neutral, positive = probabilities
        else:  # two classes only, or another order
            given = dict(zip(labels, probabilities, strict=True))
            negative, neutral, positive = (given.get(name, 0.0) for name in LABELS)
        ordered = (negative, neutral, positive)
        return cls(LABELS[ordered.index(confidence)], confidence, ordered, reason, tokens)
