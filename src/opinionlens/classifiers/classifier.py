"""What every classifier offers, and the values it answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from opinionlens.calibration import FloatArray
from opinionlens.classifiers.explanation import Explanation
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.uncertainty import UncertainReason
from opinionlens.text.labels import LABELS, Label

__all__ = ["Classifier", "Prediction", "UncertainReason"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one text.

    `probabilities` are in the order of LABELS whatever the classifier knows: 0.0 for a class that it lacks.
    """

    label: Label
    confidence: float
    probabilities: tuple[float, float, float]
    reason: UncertainReason | None = None

    @property
    def uncertain(self) -> bool:
        """Whether the answer should not be relied on; `reason` says why."""
        return self.reason is not None

    @classmethod
    def of(
        cls, labels: Sequence[Label], probabilities: Sequence[float], reason: UncertainReason | None
    ) -> Self:
        """Return the answer for probabilities of the classifier's own labels.

        Of equals the first in the order of LABELS wins.
        """
        confidence = max(probabilities)
        if labels == LABELS:
            negative, neutral, positive = probabilities
        else:  # two classes only, or another order
            given = dict(zip(labels, probabilities, strict=True))
            negative, neutral, positive = (given.get(name, 0.0) for name in LABELS)
        ordered = (negative, neutral, positive)
        return cls(LABELS[ordered.index(confidence)], confidence, ordered, reason)


class Classifier(Protocol):
    """Turns texts into class probabilities. Safe to call from several threads at once."""

    @property
    def manifest(self) -> Manifest:
        """What the artefact says about itself."""

    @property
    def labels(self) -> tuple[Label, ...]:
        """The classes that it knows, two or three, in the order of its own columns."""

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return calibrated probabilities (n, k), rows summing to 1."""

    def predict(self, text: str) -> Prediction:
        """Answer one text."""

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """Answer many texts at once, with the answers of `predict` to rounding."""

    def explain(self, text: str) -> Explanation:
        """Return what each feature of the text adds to the decision."""
