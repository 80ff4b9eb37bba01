"""Classifiers by models that only answer.

`BlackBoxClassifier` does all that such kinds have in common: it reads texts, mixes in the general expert if
there is one, calibrates, says which answers are uncertain, and explains by occlusion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.explanation import Explanation
from opinionlens.classifiers.linear.text_reading import Reading, TextReader, reason_of
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.occlusion import MOST_STRETCHES, explain_by_occlusion
from opinionlens.classifiers.prediction import Prediction
from opinionlens.features.calibration import FloatArray
from opinionlens.text.labels import Label
from opinionlens.text.repeats import evidence_length


class BlackBox(Protocol):
    """A trained model that turns texts into decision values.

    Safe to call from several threads at once.
    """

    def decide(self, readings: Sequence[Reading]) -> FloatArray:
        """Return decision values (n, k) of texts that were read.

        The columns are the manifest's labels; `readings` are never empty.
        """


class BlackBoxClassifier:
    """A classifier by any model that gives decision values."""

    def __init__(
        self,
        manifest: Manifest,
        model: BlackBox,
        reader: TextReader,
        *,
        texts_at_once: int = 256,
        most_stretches: int = MOST_STRETCHES,
    ) -> None:
        """Join the parts.

        Args:
            manifest: of the artifact.
            model: gives decision values.
            reader: cuts texts, knows words, and has the general expert.
            texts_at_once: how many texts the model is given in one call at most.
            most_stretches: how many times an explanation asks it at most, without the first.
        """
        self.manifest = manifest
        self.labels: tuple[Label, ...] = manifest.labels
        self.reader = reader
        self._model = model
        self._texts_at_once = texts_at_once
        self._most_stretches = most_stretches

    def decision_values(self, texts: Sequence[str]) -> FloatArray:
        """Return decision values (n, k) before calibration."""
        return self._joined([self._decide(readings) for readings in self._parts(texts)])

    def own_decision_values(self, texts: Sequence[str]) -> FloatArray:
        """Return the model's own values (n, k), without the expert."""
        return self._joined([self._own(readings) for readings in self._parts(texts)])

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return calibrated probabilities (n, k), rows summing to 1."""
        return self._joined([self._calibrated(readings) for readings in self._parts(texts)])

    def predict(self, text: str) -> Prediction:
        """Predict one text."""
        return self.predict_many([text])[0]

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict many texts at once."""
        answers: list[Prediction] = []
        for readings in self._parts(texts):
            answers += map(self._prediction, readings, self._calibrated(readings).tolist())
        return answers

    def explain(self, text: str) -> Explanation:
        """Return the change that each token's removal makes."""
        return explain_by_occlusion(
            text,
            self.manifest.features.recipe.tokenize(text),
            self.decision_values,
            self.predict(text),
            self.labels,
            share=self.reader.read(text).mixture.share,
            most=self._most_stretches,
        )

    def _own(self, readings: Sequence[Reading]) -> FloatArray:
        decisions = self._model.decide(readings)
        if decisions.shape != (len(readings), len(self.labels)) or not np.isfinite(decisions).all():
            raise ArtifactUnsupported(f"The model cannot answer for {len(self.labels)} labels.")
        return decisions

    def _decide(self, readings: Sequence[Reading]) -> FloatArray:
        decisions = self._own(readings)
        if self.reader.expert is None:
            return decisions
        mixtures = [reading.mixture for reading in readings]
        return self.reader.expert.mix_many(decisions, mixtures, [reading.general for reading in readings])

    def _calibrated(self, readings: Sequence[Reading]) -> FloatArray:
        lengths = [evidence_length(reading.tokens) for reading in readings]
        return self.manifest.calibration.apply(self._decide(readings), lengths)

    def _prediction(self, reading: Reading, probabilities: Sequence[float]) -> Prediction:
        reason = reason_of(self.manifest.uncertainty, max(probabilities), reading)
        return Prediction.of(self.labels, probabilities, reason, " ".join(reading.tokens))

    def _parts(self, texts: Sequence[str]) -> Iterator[list[Reading]]:
        for start in range(0, len(texts), self._texts_at_once):
            yield [self.reader.read(text) for text in texts[start : start + self._texts_at_once]]

    def _joined(self, parts: Sequence[FloatArray]) -> FloatArray:
        return np.concatenate(parts) if parts else np.empty((0, len(self.labels)))
