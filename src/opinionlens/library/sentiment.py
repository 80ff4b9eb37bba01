"""The classifier of the Python library."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from opinionlens.classifiers.explanation import Explanation
from opinionlens.classifiers.prediction import Prediction
from opinionlens.features.calibration import FloatArray
from opinionlens.library.selection import Chosen, from_folder, from_word_list
from opinionlens.library.texts import many_texts, one_text
from opinionlens.text.labels import Label


class SentimentClassifier:
    """A loaded classifier. `opinionlens.load` and `opinionlens.lexicon` make one.

    It never changes, and several threads may use it at once. Copies share it. A pickle holds no weights, only
    the folder and the digest of the artifact, which is loaded and checked again.
    """

    def __init__(self, chosen: Chosen) -> None:
        """Wrap a classifier with its name and version."""
        self._chosen = chosen
        self._classifier = chosen.classifier

    @property
    def name(self) -> str:
        """Name of the registered model or of the folder."""
        return self._chosen.name

    @property
    def version(self) -> str:
        """Number of the version, or start of the digest."""
        return self._chosen.version

    @property
    def digest(self) -> str | None:
        """SHA-256 of the artifact's manifest; None for the word list."""
        return self._chosen.digest

    @property
    def kind(self) -> str:
        """The kind of classifier: linear, skops, fasttext, onnx or lexicon."""
        return self._classifier.manifest.kind

    @property
    def labels(self) -> tuple[Label, ...]:
        """Its classes, in the order of the columns of `predict_proba`."""
        return self._classifier.labels

    def predict(self, text: str) -> Prediction:
        """Predict one text.

        Returns:
            Label, confidence, probabilities, and whether it is uncertain.

        Raises:
            TextsInvalid: the text is no string.
        """
        return self._classifier.predict(one_text(text))

    def predict_many(self, texts: Iterable[str]) -> list[Prediction]:
        """Predict many texts at once.

        Args:
            texts: a list, an array, or a column of a table.

        Raises:
            TextsInvalid: a text is no string; the message names its position.
        """
        return self._classifier.predict_many(many_texts(texts))

    def predict_proba(self, texts: Iterable[str]) -> FloatArray:
        """Return calibrated probabilities (n, k); each row sums to 1.

        Args:
            texts: as for `predict_many`.

        Raises:
            TextsInvalid: a text is no string; the message names its position.
        """
        return self._classifier.predict_proba(many_texts(texts))

    def explain(self, text: str) -> Explanation:
        """Return the contribution of each part of the text.

        Raises:
            TextsInvalid: the text is no string.
        """
        return self._classifier.explain(one_text(text))

    def __repr__(self) -> str:
        described = f"{self.name} {self.version}: {self.kind}, {'/'.join(self.labels)}"
        rows = self._classifier.manifest.training.rows if self.digest else 0
        return f"<SentimentClassifier {described}{f', trained on {rows:,} texts' if rows else ''}>"

    def __copy__(self) -> SentimentClassifier:
        return self

    def __deepcopy__(self, memo: object) -> SentimentClassifier:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        chosen = self._chosen
        return _restored, (chosen.folder, chosen.digest, chosen.name, chosen.version)


def _restored(folder: Path | None, digest: str | None, name: str, version: str) -> SentimentClassifier:
    """Load exactly the artifact that a pickle names. Raises ArtifactError."""
    if folder is None:
        return SentimentClassifier(from_word_list())
    return SentimentClassifier(from_folder(folder, digest=digest, name=name, version=version))
