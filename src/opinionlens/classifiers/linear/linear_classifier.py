"""Kind `linear`: weights over n-grams and values of word lists.

One matrix over word n-grams, character n-grams, lexicon values and opinion values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.explanation import Explanation
from opinionlens.classifiers.linear.block_sums import DenseSums, TermSums
from opinionlens.classifiers.linear.general_expert import GeneralExpert
from opinionlens.classifiers.linear.linear_explanation import explain_linear
from opinionlens.classifiers.linear.text_reading import Reading, TextReader, reason_of
from opinionlens.classifiers.linear.weights import LinearWeights
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.prediction import Prediction
from opinionlens.features.calibration import FloatArray
from opinionlens.features.spec import DENSE_BLOCKS
from opinionlens.text.general import GENERAL_FEATURES
from opinionlens.text.labels import Label
from opinionlens.text.repeats import evidence_length

WEIGHTS_NAME = "weights.npz"
FILES = (WEIGHTS_NAME,)

# A batch is cut where its rows exceed this: about 8 MB of arrays, which still fit the processor's outer
# cache.
_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A linear model before it is an artifact."""

    weights: LinearWeights
    kind: str = "linear"

    def write(self, directory: Path) -> None:
        """Write the weights."""
        self.weights.save(directory / WEIGHTS_NAME)

    def classifier(self, manifest: Manifest) -> LinearClassifier:
        """Return the classifier in memory."""
        return LinearClassifier(manifest, self.weights)


def load(manifest: Manifest, directory: Path) -> LinearClassifier:
    """Read the weights beside the manifest.

    Call `load.load_classifier`, which checks them first.
    """
    return LinearClassifier(manifest, LinearWeights.load(directory / WEIGHTS_NAME))


class LinearClassifier:
    """A linear classifier that sums weights without a matrix.

    It equals the pipeline that it came from, to 1e-9.
    """

    def __init__(self, manifest: Manifest, weights: LinearWeights) -> None:
        """Index the vocabularies and lay out the weights for summing.

        Raises:
            ArtifactUnsupported: the weights do not fit the manifest.
        """
        if len(weights.intercept) != len(manifest.labels):
            raise ArtifactUnsupported(
                f"The weights are for {len(weights.intercept)} labels, not for {len(manifest.labels)}."
            )
        self.manifest = manifest
        self.labels: tuple[Label, ...] = manifest.labels
        if manifest.general != (GENERAL_FEATURES if weights.general else ()):
            raise ArtifactUnsupported("The weights are for other general features than this version counts.")
        self.expert = GeneralExpert(weights.general) if weights.general else None
        self.reader = TextReader(manifest.features, weights.text, manifest.uncertainty.scripts, self.expert)
        self.intercept = weights.intercept
        ends = np.cumsum([len(block.terms) for block in weights.text.blocks])
        coefs = np.split(weights.coef, ends[:-1], axis=1)
        blocks = {block.name: (block, coef) for block, coef in zip(weights.text.blocks, coefs, strict=True)}
        dense = {name: DenseSums(*blocks.pop(name)) for name in DENSE_BLOCKS if name in blocks}
        self.lexicon, self.opinions = dense.get("lexicon"), dense.get("opinions")
        self.terms = {name: TermSums(*block) for name, block in blocks.items()}
        # For one text at a time.
        self._bias: list[float] = weights.intercept.tolist()
        self._scale, self._shift = manifest.calibration.scale, manifest.calibration.bias
        self._is_calibrated = any(scale != 1 for scale in self._scale) or any(self._shift)
        self._length = manifest.calibration.length

    def decision_values(self, texts: Sequence[str]) -> FloatArray:
        """Return decision values (n, k) before calibration."""
        return self._joined([self._decide_many(readings) for readings in self._chunks(texts)])

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return calibrated probabilities (n, k), rows summing to 1."""
        return self._joined([self._calibrated(readings) for readings in self._chunks(texts)])

    def predict(self, text: str) -> Prediction:
        """Predict one text, without the fixed cost of a batch."""
        return self.predict_reading(self.reader.read(text))

    def predict_reading(self, reading: Reading) -> Prediction:
        """Predict a text that has been read, like `predict`."""
        logits = self._decide(reading)
        if self.expert and reading.mixture.expert:
            logits = self.expert.mix(logits, reading.mixture, reading.general)
        if self._is_calibrated:
            logits = [value * s + b for value, s, b in zip(logits, self._scale, self._shift, strict=True)]
        if self._length is not None and len(reading.tokens) > self._length.pivot:
            factor = self._length.factor(evidence_length(reading.tokens))
            logits = [factor * logit for logit in logits]
        top = max(logits)
        powers = [math.exp(logit - top) for logit in logits]
        total = sum(powers)
        return self._prediction(reading, [power / total for power in powers])

    def decide_reading(self, reading: Reading) -> FloatArray:
        """Return the decision values (k,) of a read text.

        They are exactly those of `decision_values`.
        """
        row: FloatArray = self._decide_many([reading])[0]
        return row

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict many texts at once."""
        answers: list[Prediction] = []
        for readings in self._chunks(texts):
            rows = self._calibrated(readings).tolist()
            answers += map(self._prediction, readings, rows)
        return answers

    def explain(self, text: str) -> Explanation:
        """Return the exact contribution of every feature in the text."""
        return explain_linear(self, text)

    def _decide(self, reading: Reading) -> list[float]:
        parts = [self._bias]
        if self.reader.words:
            parts.append(self.terms["words"].of_few(reading.words))
        if self.reader.chars:
            parts.append(self.terms["chars"].of(reading.chars))
        if self.lexicon:
            parts.append(self.lexicon.of(reading.lexicon))
        if self.opinions:
            parts.append(self.opinions.of(reading.opinions))
        return list(map(sum, zip(*parts, strict=True)))

    def _decide_many(self, readings: Sequence[Reading]) -> FloatArray:
        decisions = np.tile(self.intercept, (len(readings), 1))
        for name, sums in self.terms.items():
            decisions += sums.of_many([getattr(reading, name) for reading in readings])
        for name, dense in (("lexicon", self.lexicon), ("opinions", self.opinions)):
            if dense:
                decisions += dense.of_many([getattr(reading, name) for reading in readings])
        if self.expert:
            mixtures = [reading.mixture for reading in readings]
            return self.expert.mix_many(decisions, mixtures, [reading.general for reading in readings])
        return decisions

    def _calibrated(self, readings: Sequence[Reading]) -> FloatArray:
        lengths = [evidence_length(reading.tokens) for reading in readings]
        return self.manifest.calibration.apply(self._decide_many(readings), lengths)

    def _joined(self, parts: Sequence[FloatArray]) -> FloatArray:
        return np.concatenate(parts) if parts else np.empty((0, len(self.labels)))

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
        reason = reason_of(self.manifest.uncertainty, max(probabilities), reading)
        return Prediction.of(self.labels, probabilities, reason, " ".join(reading.tokens))
