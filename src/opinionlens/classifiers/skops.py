"""Kind `skops`: a scikit-learn model of few features.

Trees and nearest neighbours, over the same counts as the kind `linear`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.black_box import BlackBoxClassifier
from opinionlens.classifiers.kinds import library_missing
from opinionlens.classifiers.linear.text_reading import Reading, TextReader
from opinionlens.classifiers.linear.weights import Block, ColumnWeights, TextWeights
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.skops_file import read_model, write_model
from opinionlens.features.calibration import FloatArray
from opinionlens.features.spec import DENSE_BLOCKS

WEIGHTS_NAME = "weights.npz"
MODEL_NAME = "model.skops"
FILES = (WEIGHTS_NAME, MODEL_NAME)


@dataclass(frozen=True, eq=False)
class SkopsModel:
    """A fitted scikit-learn model before it is an artifact.

    Attributes:
        text: the blocks that turn texts into a matrix.
        columns: the columns of that matrix that the model sees.
        model: the fitted estimator; its classes are in the order of the labels.
        least_probability: the least value of the model's probabilities before their logarithm is taken.
    """

    text: TextWeights
    columns: npt.NDArray[np.int64]
    model: Any
    least_probability: float = 1e-6
    kind: str = "skops"

    def write(self, directory: Path) -> None:
        """Write the weighting and the model."""
        self._weights().save(directory / WEIGHTS_NAME)
        write_model(directory / MODEL_NAME, self.model)

    def classifier(self, manifest: Manifest) -> BlackBoxClassifier:
        """Return the classifier in memory."""
        return _classifier(manifest, self._weights(), self.model)

    def _weights(self) -> ColumnWeights:
        return ColumnWeights(self.text, np.asarray(self.columns, dtype=np.int64), self.least_probability)


def load(manifest: Manifest, directory: Path) -> BlackBoxClassifier:
    """Read the model beside the manifest.

    Call `load.load_classifier`, which checks the files first.
    """
    try:
        import skops.io  # noqa: F401 - only to report a missing package early
    except ModuleNotFoundError as error:
        raise library_missing("skops", error.name) from error
    weights = ColumnWeights.load(directory / WEIGHTS_NAME)
    return _classifier(manifest, weights, read_model(directory / MODEL_NAME))


class SkopsBox:
    """A scikit-learn model that answers readings.

    It is given the matrix that it was fitted on. Its decision values are logarithms of its probabilities.
    """

    def __init__(self, weights: ColumnWeights, model: Any, classes: int) -> None:  # noqa: ANN401
        """Join the parts.

        Raises:
            ArtifactUnsupported: model and weights do not fit together, or other `classes` are wanted.
        """
        if len(np.ravel(model.classes_)) != classes:
            raise ArtifactUnsupported("The model knows another number of classes than the manifest.")
        if model.n_features_in_ != len(weights.columns):
            raise ArtifactUnsupported(
                "The model was fitted on another number of columns than it would be given."
            )
        self._weights = weights
        self._model = model

    def decide(self, readings: Sequence[Reading]) -> FloatArray:
        """Return decision values (n, k)."""
        matrix = _matrix(readings, self._weights)
        try:
            probabilities = np.asarray(self._model.predict_proba(matrix), dtype=np.float64)
        except Exception as error:  # its attributes came from a file; whatever is wrong with them shows here
            raise ArtifactUnsupported(f"The model cannot answer: {error}.") from error
        return np.log(np.maximum(probabilities, self._weights.least_probability))


def _classifier(manifest: Manifest, weights: ColumnWeights, model: Any) -> BlackBoxClassifier:  # noqa: ANN401
    reader = TextReader(manifest.features, weights.text, manifest.uncertainty.scripts)
    return BlackBoxClassifier(manifest, SkopsBox(weights, model, len(manifest.labels)), reader)


def _matrix(readings: Sequence[Reading], weights: ColumnWeights) -> Any:  # noqa: ANN401 - a csr_array
    """Return the wanted columns of the weighted blocks.

    The blocks lie side by side, as `Block` defines them.
    """
    import scipy.sparse as sp

    weighted = []
    for block in weights.text.blocks:
        if block.name in DENSE_BLOCKS:
            matrix = sp.csr_array(np.array([getattr(reading, block.name) for reading in readings]))
        else:
            rows = [reading.words if block.name == "words" else reading.chars for reading in readings]
            ends = np.cumsum([0, *map(len, rows)])
            ones = np.ones(ends[-1])
            matrix = sp.csr_array((ones, np.concatenate(rows), ends), shape=(len(readings), len(block.terms)))
            matrix.sum_duplicates()
        weighted.append(_weighed(matrix, block))
    matrix = sp.hstack(weighted, format="csr")[:, weights.columns]
    # Trees take 32-bit positions only.
    parts = (matrix.data, matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32))
    return sp.csr_array(parts, shape=matrix.shape)


def _weighed(matrix: Any, block: Block) -> Any:  # noqa: ANN401 - a csr_array, changed in place
    if block.tf == "binary":
        matrix.data = np.ones(len(matrix.data))
    elif block.tf == "log":
        matrix.data = 1.0 + np.log(matrix.data)
    matrix.data *= block.scale[matrix.indices]
    if block.normalise:
        lengths = np.diff(matrix.indptr)
        texts = np.repeat(np.arange(len(lengths)), lengths)
        norms = np.sqrt(np.bincount(texts, matrix.data**2, len(lengths)))
        norms[norms == 0] = 1.0
        matrix.data /= norms[texts]
    matrix.data *= block.factor
    return matrix
