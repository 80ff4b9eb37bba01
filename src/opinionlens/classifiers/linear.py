"""Kind `linear`: one matrix of weights over word n-grams, character n-grams and lexicon values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opinionlens.classifiers.block_sums import DenseSums, TermSums
from opinionlens.classifiers.calibration import FloatArray
from opinionlens.classifiers.classifier import Prediction
from opinionlens.classifiers.explanation import Explanation
from opinionlens.classifiers.linear_explanation import explain_linear
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.reading import Reader, Reading
from opinionlens.classifiers.weights import LinearWeights
from opinionlens.errors import ArtefactUnsupported
from opinionlens.text.labels import Label

WEIGHTS_NAME = "weights.npz"
FILES = (WEIGHTS_NAME,)

# A batch is cut where its rows exceed this: about 8 MB of arrays, which still fit the processor's outer
# cache.
_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Weights on their way into an artefact."""

    weights: LinearWeights
    kind: str = "linear"

    def write(self, directory: Path) -> None:
        """Write the weights."""
        self.weights.save(directory / WEIGHTS_NAME)

    def classifier(self, manifest: Manifest) -> LinearClassifier:
        """Return the classifier in memory."""
        return LinearClassifier(manifest, self.weights)


def load(manifest: Manifest, directory: Path) -> LinearClassifier:
    """Read the weights beside the manifest. Call `load.load_classifier`, which checks them first."""
    return LinearClassifier(manifest, LinearWeights.load(directory / WEIGHTS_NAME))


class LinearClassifier:
    """Sums weights directly, without a matrix; equal to the pipeline it came from to 1e-9."""

    def __init__(self, manifest: Manifest, weights: LinearWeights) -> None:
        """Index the vocabularies and lay out the weights for summing.

        Raises:
            ArtefactUnsupported: the weights do not fit the manifest.
        """
        if len(weights.intercept) != len(manifest.labels):
            raise ArtefactUnsupported(
                f"The weights are for {len(weights.intercept)} labels, not for {len(manifest.labels)}."
            )
        self.manifest = manifest
        self.labels: tuple[Label, ...] = manifest.labels
        self.reader = Reader(manifest.features, weights.text)
        self.intercept = weights.intercept
        self._bias: list[float] = weights.intercept.tolist()
        ends = np.cumsum([len(block.terms) for block in weights.text.blocks])
        coefs = np.split(weights.coef, ends[:-1], axis=1)
        # By the block's name, which is also that of what a `Reading` holds for it.
        self.sums: dict[str, TermSums | DenseSums] = {
            block.name: (DenseSums if block.name == "lexicon" else TermSums)(block, coef)
            for block, coef in zip(weights.text.blocks, coefs, strict=True)
        }

    def decision_values(self, texts: Sequence[str]) -> FloatArray:
        """Return the scores (n, k) before calibration."""
        parts = [self._decide_many(readings) for readings in self._chunks(texts)]
        return np.concatenate(parts) if parts else np.empty((0, len(self.labels)))

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return calibrated probabilities (n, k), rows summing to 1."""
        return self.manifest.calibration.apply(self.decision_values(texts))

    def predict(self, text: str) -> Prediction:
        """Answer one text, without the fixed cost of a batch."""
        reading = self.reader.read(text)
        decision = self._decide(reading)
        calibration = self.manifest.calibration
        logits = [s * d + b for s, d, b in zip(calibration.scale, decision, calibration.bias, strict=True)]
        top = max(logits)
        weights = [math.exp(logit - top) for logit in logits]
        total = sum(weights)
        return self._prediction(reading, [weight / total for weight in weights])

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """Answer many texts at once."""
        answers: list[Prediction] = []
        for readings in self._chunks(texts):
            rows = self.manifest.calibration.apply(self._decide_many(readings)).tolist()
            answers += map(self._prediction, readings, rows)
        return answers

    def explain(self, text: str) -> Explanation:
        """Return the exact contribution of every feature in the text."""
        return explain_linear(self, text)

    def _decide(self, reading: Reading) -> list[float]:
        decision: list[float] = self._bias
        for name, sums in self.sums.items():
            added = sums.of(getattr(reading, name))
            decision = [total + part for total, part in zip(decision, added, strict=True)]
        return decision

    def _decide_many(self, readings: Sequence[Reading]) -> FloatArray:
        decisions = np.tile(self.intercept, (len(readings), 1))
        for name, sums in self.sums.items():
            decisions += sums.of_many([getattr(reading, name) for reading in readings])
        return decisions

    def _chunks(self, texts: Sequence[str]) -> Iterator[list[Reading]]:
        chunk: list[Reading] = []
        rows = 0
        for reading in map(self.reader.read, texts):
            chunk.append(reading)
            rows += len(reading.words) + len(reading.chars) + len(reading.lexicon) + 1
            if rows >= _ROWS_AT_ONCE:
                yield chunk
                chunk, rows = [], 0
        if chunk:
            yield chunk

    def _prediction(self, reading: Reading, probabilities: Sequence[float]) -> Prediction:
        uncertainty = self.manifest.uncertainty
        words, known = self.reader.familiarity(reading.tokens) if uncertainty.min_known_share else (0, 0)
        reason = uncertainty.reason(max(probabilities), len(reading.tokens), words, known)
        return Prediction.of(self.labels, probabilities, reason)
