"""A classifier's figures on labelled texts, for its card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opinionlens.classifiers.classifier import Classifier
from opinionlens.evaluation.card_figures import card_figures
from opinionlens.evaluation.codes import label_codes
from opinionlens.pipeline.reporting import rounded
from opinionlens.text.vader import compound


@dataclass(frozen=True)
class Drawing:
    """Seed and number of the bootstrap's resamples."""

    seed: int
    resamples: int


def card_scores(
    classifier: Classifier, texts: Sequence[str], labels: Sequence[str], drawing: Drawing
) -> dict[str, float]:
    """Return the classifier's figures on the texts.

    VADER's macro F1 is beside them; {"n": 0} without any texts.
    """
    if not texts:
        return {"n": 0}
    answers = classifier.predict_many(texts)
    figures = card_figures(
        label_codes(labels),
        np.array([one.probabilities for one in answers], dtype=np.float64),
        [one.uncertain for one in answers],
        [compound(text) for text in texts],
        seed=drawing.seed,
        resamples=drawing.resamples,
    )
    scores: dict[str, float] = rounded(figures)
    return scores
