"""The interface of every classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from opinionlens.classifiers.explanation import Explanation
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.prediction import Prediction
from opinionlens.features.calibration import FloatArray
from opinionlens.text.labels import Label


class Classifier(Protocol):
    """A trained object that turns texts into class probabilities.

    Safe to call from several threads at once.
    """

    @property
    def manifest(self) -> Manifest:
        """The manifest of its artifact."""

    @property
    def labels(self) -> tuple[Label, ...]:
        """Its two or three classes, in the order of columns."""

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return calibrated probabilities (n, k), rows summing to 1."""

    def predict(self, text: str) -> Prediction:
        """Predict one text."""

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict many texts at once.

        The predictions are those of `predict`, to rounding.
        """

    def explain(self, text: str) -> Explanation:
        """Return the contribution of each feature of the text."""
