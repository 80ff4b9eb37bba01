"""Kind `onnx`: a fine-tuned Transformer as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opinionlens.classifiers.black_box import BlackBoxClassifier
from opinionlens.classifiers.kinds import library_missing
from opinionlens.classifiers.linear.text_reading import Reading
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.onnx.onnx_session import OnnxSession, read_model_bytes
from opinionlens.classifiers.onnx.piece_tokenizer import PieceTokenizer, read_tokenizer
from opinionlens.classifiers.onnx.token_batches import token_batches
from opinionlens.classifiers.reader_weights import READER_NAME, ReaderWeights
from opinionlens.features.calibration import FloatArray
from opinionlens.text.recipe import Recipe

MODEL_NAME = "model.onnx"
TOKENIZER_NAME = "tokenizer.json"
FILES = (MODEL_NAME, TOKENIZER_NAME, READER_NAME)

# Of one run of the model, padding counted.
_PIECES_AT_ONCE = 1_024
_MOST_PADDING = 0.25


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """An exported Transformer before it is an artifact.

    Attributes:
        model: the file of the model.
        tokenizer: `tokenizer.json`, which says how many pieces of a text are read.
        reader: words of the training texts and general expert.
    """

    model: Path
    tokenizer: Path
    reader: ReaderWeights
    kind: str = "onnx"

    def write(self, directory: Path) -> None:
        """Write both files, and the reader's."""
        for source, name in ((self.model, MODEL_NAME), (self.tokenizer, TOKENIZER_NAME)):
            (directory / name).write_bytes(source.read_bytes())
        self.reader.save(directory / READER_NAME)

    def classifier(self, manifest: Manifest) -> BlackBoxClassifier:
        """Return the classifier in memory."""
        return _classifier(manifest, self.model, self.tokenizer, self.reader)


def load(manifest: Manifest, directory: Path) -> BlackBoxClassifier:
    """Read the model beside the manifest.

    Call `load.load_classifier`, which checks the files first.
    """
    weights = ReaderWeights.load(directory / READER_NAME)
    return _classifier(manifest, directory / MODEL_NAME, directory / TOKENIZER_NAME, weights)


def _classifier(
    manifest: Manifest, model: Path, tokenizer: Path, weights: ReaderWeights
) -> BlackBoxClassifier:
    features, classes = manifest.features, len(manifest.labels)
    box = open_box(model, tokenizer, features.recipe, classes, manifest.last_pieces)
    return BlackBoxClassifier(manifest, box, weights.reader(manifest))


def open_box(model: Path, tokenizer: Path, recipe: Recipe, classes: int, last_pieces: int = 0) -> OnnxBox:
    """Return the model in two files.

    Args:
        model: the graph.
        tokenizer: `tokenizer.json`.
        recipe: which decodes texts.
        classes: that the model answers with.
        last_pieces: of those that are read from the end of a long text.

    Raises:
        ArtifactUnsupported: a file is not as those of an artifact.
        LibraryMissing: the extra `onnx` is not installed.
    """
    try:
        pieces = read_tokenizer(tokenizer, last_pieces)
        session = OnnxSession(read_model_bytes(model), classes)
    except ModuleNotFoundError as error:
        raise library_missing("onnx", error.name) from error
    return OnnxBox(session, pieces, recipe)


class OnnxBox:
    """A Transformer that answers readings.

    It reads the excerpt of its tokenizer, and nothing else of a long text. The recipe says how a text is
    decoded before it is cut; its tokens are for everything around the model.
    """

    def __init__(self, session: OnnxSession, tokenizer: PieceTokenizer, recipe: Recipe) -> None:
        """Join the parts."""
        self._session = session
        self._tokenizer = tokenizer
        self._recipe = recipe

    def decide(self, readings: Sequence[Reading]) -> FloatArray:
        """Return decision values (n, k)."""
        return self.decide_texts([reading.text for reading in readings])

    def decide_texts(self, texts: Sequence[str]) -> FloatArray:
        """Return decision values (n, k).

        They are computed in batches of similar length; one text at a time where the answer would depend on
        the others.
        """
        pieces = self._tokenizer.pieces(texts, self._recipe)
        decisions = np.empty((len(texts), self._session.classes))
        at_once = 1 if self._session.mixes_texts else _PIECES_AT_ONCE
        for rows in token_batches(list(map(len, pieces)), most_tokens=at_once, most_padding=_MOST_PADDING):
            batch = [pieces[row] for row in rows]
            decisions[rows] = self._session.decision_values(batch, self._tokenizer.padding)
        return decisions
