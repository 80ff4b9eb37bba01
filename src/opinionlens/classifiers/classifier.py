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
