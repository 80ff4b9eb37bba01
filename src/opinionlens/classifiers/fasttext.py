"""Kind `fasttext`: averaged vectors of words, their parts and n-grams.

Joulin, Grave, Bojanowski and Mikolov, "Bag of Tricks for Efficient Text Classification" (2016); made small by
product quantization as in "FastText.zip" (2016). The manifest's recipe cuts texts, in training as here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.black_box import BlackBoxClassifier
from opinionlens.classifiers.fasttext_file import check_model
from opinionlens.classifiers.kinds import library_missing
from opinionlens.classifiers.linear.text_reading import Reading
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.reader_weights import READER_NAME, ReaderWeights
from opinionlens.features.calibration import FloatArray
from opinionlens.text.fasttext_lines import LABEL_PREFIX, fasttext_line

MODEL_NAME = "model.ftz"
FILES = (READER_NAME, MODEL_NAME)

# fastText adds this to each probability before it takes logarithms, so that rows sum to as much as 1.00003.
_ADDED = 1e-5
_LEAST = 1e-6


@dataclass(frozen=True, eq=False)
class FastTextModel:
    """A fastText model before it is an artifact.

    Attributes:
        content: the file that the library has written.
        weights: known words and general expert.
    """

    content: bytes
    weights: ReaderWeights
    kind: str = "fasttext"

    def write(self, directory: Path) -> None:
        """Write the model and the words."""
        (directory / MODEL_NAME).write_bytes(self.content)
        self.weights.save(directory / READER_NAME)

    def classifier(self, manifest: Manifest) -> BlackBoxClassifier:
        """Return the classifier in memory."""
        return BlackBoxClassifier(
            manifest, model_from(self.content, manifest.labels), self.weights.reader(manifest)
        )


def load(manifest: Manifest, directory: Path) -> BlackBoxClassifier:
    """Read the model beside the manifest.

    Call `load.load_classifier`, which checks the files first.
    """
    model = _opened(directory / MODEL_NAME, manifest.labels)
    return BlackBoxClassifier(manifest, model, ReaderWeights.load(directory / READER_NAME).reader(manifest))


def model_from(content: bytes, labels: Sequence[str]) -> LineModel:
    """Return the model in the bytes of a file."""
    with tempfile.TemporaryDirectory(prefix="opinionlens-fasttext-") as folder:
        path = Path(folder) / MODEL_NAME
        path.write_bytes(content)
        return _opened(path, labels)


def _opened(path: Path, labels: Sequence[str]) -> LineModel:
    check_model(path.read_bytes(), labels)
    try:
        from fasttext import load_model
    except ModuleNotFoundError as error:
        raise library_missing("fasttext", "fasttext-numpy2") from error
    try:
        return LineModel(load_model(str(path)).f.predict, labels)
    except (ValueError, MemoryError) as error:
        raise ArtifactUnsupported(f"The fastText model cannot be read: {error}.", where=str(path)) from error


class LineModel:
    """A fastText model that decides on lines."""

    def __init__(self, predict: Callable[..., Any], labels: Sequence[str]) -> None:
        """Keep the library's own function.

        Args:
            predict: gives pairs of probability and label for a line with its end.
            labels: of the columns.
        """
        self._predict = predict
        self._columns: Mapping[str, int] = {f"{LABEL_PREFIX}{label}": n for n, label in enumerate(labels)}

    def decide(self, readings: Sequence[Reading]) -> FloatArray:
        """Return logarithms of the model's probabilities (n, k)."""
        return self.decide_lines([fasttext_line(reading.tokens) for reading in readings])

    def decide_lines(self, lines: Sequence[str]) -> FloatArray:
        """Return logarithms of the model's probabilities (n, k).

        One line at a time: the library lets no other thread work while it reads.
        """
        count = len(self._columns)
        probabilities = np.full((len(lines), count), 1.0 / count)  # for a line of which it knows no word
        for row, line in enumerate(lines):
            for probability, label in self._predict(f"{line}\n", count, 0.0, "strict"):
                probabilities[row, self._columns[label]] = probability - _ADDED
        decisions: FloatArray = np.log(np.maximum(probabilities, _LEAST))
        return decisions
