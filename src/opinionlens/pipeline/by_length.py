"""Scores of a classifier by the length of the texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from opinionlens.classifiers.classifier import Classifier
from opinionlens.evaluation.codes import in_label_order
from opinionlens.evaluation.scores import score
from opinionlens.pipeline.reporting import rounded

# Up to so many tokens, and beyond.
LENGTHS = (32, 100, 400)
_LEAST_ROWS = 100


def probabilities_of(classifier: Classifier, texts: Sequence[str]) -> NDArray[np.float64]:
    """Return one column per label in the order of `LABELS`."""
    return in_label_order(classifier.predict_proba(list(texts)), classifier.labels)


def scores_by_length(
    classifier: Classifier, texts: Sequence[str], labels: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return accuracy and calibration error by number of tokens; a length of few texts is left out."""
    recipe = classifier.manifest.features.recipe
    lengths = np.array([len(recipe.tokens(text)) for text in texts], dtype=np.int64)
    found: dict[str, dict[str, float]] = {}
    for low, high in zip((0, *LENGTHS), (*LENGTHS, None), strict=True):
        places = np.flatnonzero((lengths > low) & (lengths <= (high or np.inf))).tolist()
        if len(places) < _LEAST_ROWS:
            continue
        scores = score(
            [labels[place] for place in places],
            probabilities_of(classifier, [texts[place] for place in places]),
        )
        name = f"{low + 1}_to_{high}_tokens" if high else f"over_{low}_tokens"
        found[name] = rounded({"n": scores.n, "accuracy": scores.accuracy, "ece": scores.ece})
    return found
