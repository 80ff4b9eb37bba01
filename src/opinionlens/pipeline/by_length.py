"""Scores of a classifier by the length of the texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from opinionlens.classifiers.classifier import Classifier
from opinionlens.evaluation.codes import in_label_order
from opinionlens.evaluation.scores import score
from opinionlens.pipeline.reporting import rounded

# Upper ends of the lengths in tokens; longer texts make a length of their own.
LENGTHS = (32, 100, 400)
# On fewer rows a calibration error says nothing: chance alone makes it large.
_LEAST_ROWS = 100


def probabilities_of(classifier: Classifier, texts: Sequence[str]) -> NDArray[np.float64]:
    """Return probabilities with columns in the order of `LABELS`."""
    return in_label_order(classifier.predict_proba(list(texts)), classifier.labels)


def scores_by_length(
    classifier: Classifier, texts: Sequence[str], labels: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return the scores by length of the texts.

    The number of texts, and accuracy and calibration error where there are a hundred.
    """
    recipe = classifier.manifest.features.recipe
    lengths = np.array([len(recipe.tokens(text)) for text in texts], dtype=np.int64)
    found: dict[str, dict[str, float]] = {}
    for low, high in zip((-1, *LENGTHS), (*LENGTHS, None), strict=True):
        places = np.flatnonzero((lengths > low) & (lengths <= (high or np.inf))).tolist()
        name = _name_of(low, high)
        if len(places) < _LEAST_ROWS:
            found[name] = {"n": len(places)}
            continue
        scores = score(
            [labels[place] for place in places],
            probabilities_of(classifier, [texts[place] for place in places]),
        )
        found[name] = rounded({"n": scores.n, "accuracy": scores.accuracy, "ece": scores.ece})
    return found


def _name_of(low: int, high: int | None) -> str:
    if high is None:
        return f"over_{low}_tokens"
    return f"at_most_{high}_tokens" if low < 0 else f"{low + 1}_to_{high}_tokens"
