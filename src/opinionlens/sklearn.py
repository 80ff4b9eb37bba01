"""Steps for scikit-learn: a classifier, and a transformer to features.

Both answer without being fitted, because they are trained already; `fit` only loads the classifier anew. This
module is the only part of the library that needs scikit-learn (the extra `pipeline`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from opinionlens.base.extras import missing_extra
from opinionlens.features.calibration import FloatArray
from opinionlens.library.loading import load
from opinionlens.library.sentiment import SentimentClassifier

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
except ModuleNotFoundError as error:
    raise missing_extra(error, needed_by="opinionlens.sklearn") or error from error

__all__ = ["SentimentEstimator", "SentimentTransformer"]

Texts = Iterable[str]
Model = str | os.PathLike[str] | SentimentClassifier


class _Pretrained(BaseEstimator):  # type: ignore[misc]  # scikit-learn is not typed
    """A classifier by name, loaded when it is first needed."""

    def __init__(self, model: Model = "lexicon") -> None:
        """Keep the name only.

        Args:
            model: the argument of `opinionlens.load`, or its result.
        """
        self.model = model

    def fit(self, X: Texts | None = None, y: object = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Load the classifier; ignore texts and labels.

        Raises:
            OpinionLensError: it cannot be loaded.
        """
        self._kept: tuple[Model, SentimentClassifier] | None = None
        self._loaded()
        return self

    def _loaded(self) -> SentimentClassifier:
        """Return the classifier that `model` names now."""
        kept = getattr(self, "_kept", None)
        if kept is None or kept[0] != self.model:
            model = self.model
            kept = self._kept = model, model if isinstance(model, SentimentClassifier) else load(model)
        return kept[1]

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn is not typed
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.string = tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags


class SentimentEstimator(ClassifierMixin, _Pretrained):  # type: ignore[misc]
    """A classifier of texts: the last step of a pipeline."""

    @property
    def classes_(self) -> npt.NDArray[np.str_]:
        """The labels in order: the columns of `predict_proba`."""
        return np.sort(np.array(self._loaded().labels, dtype=str))

    def predict(self, X: Texts) -> npt.NDArray[np.str_]:  # noqa: N803
        """Return the most probable label of each text (n,)."""
        labels: npt.NDArray[np.str_] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return labels

    def predict_proba(self, X: Texts) -> FloatArray:  # noqa: N803
        """Return calibrated probabilities (n, k) in the order of `classes_`."""
        order = np.argsort(np.array(self._loaded().labels, dtype=str))
        return _probabilities(self._loaded(), X)[:, order]


class SentimentTransformer(TransformerMixin, _Pretrained):  # type: ignore[misc]
    """A transformer of texts to probabilities.

    They are features for another model.
    """

    def transform(self, X: Texts) -> FloatArray:  # noqa: N803
        """Return one column per label (n, k)."""
        return _probabilities(self._loaded(), X)

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns, for example sentiment_positive."""
        names = [f"sentiment_{label.lower()}" for label in self._loaded().labels]
        return np.array(names, dtype=object)


def _probabilities(classifier: SentimentClassifier, texts: Any) -> FloatArray:  # noqa: ANN401
    """Return probabilities of texts or a one-column table."""
    if getattr(texts, "ndim", 1) == 2 and texts.shape[1] == 1:  # the form that other steps pass on
        texts = np.asarray(texts)[:, 0]
    return classifier.predict_proba(texts)
