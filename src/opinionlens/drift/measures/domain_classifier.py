"""A small model that tells served from training texts.

It learns on one half of both and is tried on the other. Where it does better than chance, the texts differ,
and its weights say by which words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from opinionlens.drift.windows import terms_of
from opinionlens.text.recipe import Recipe

NAME = "domain_classifier"
TITLE = "Served or training text?"
SAYS = "A small model can tell the served texts from those of training."

MOST_TEXTS = 2_000
_WORDS_SHOWN = 10
_EXAMPLES = 3
_EXAMPLE_CHARS = 300
_LEAST_USES = 3


@dataclass(frozen=True)
class DomainResult:
    """How well served and training texts can be told apart.

    Attributes:
        auc: area under the curve on texts that the small model has not seen; 0.5 is chance.
        threshold: that chance alone exceeds at the given rate.
        served_words: words that speak for served texts, the strongest first.
        training_words: words that speak for training texts.
        served_examples: the most typical served texts, cut to 300 characters.
        training_examples: the most typical training texts.
    """

    auc: float
    threshold: float
    served_words: tuple[str, ...]
    training_words: tuple[str, ...]
    served_examples: tuple[str, ...]
    training_examples: tuple[str, ...]


def tell_apart(
    served: Sequence[str], training: Sequence[str], recipe: Recipe, *, false_alarm_rate: float, seed: int
) -> DomainResult:
    """Try to tell two sets of texts apart.

    Without drift the order of unseen texts by the small model is pure chance, so the threshold is that of the
    Mann–Whitney statistic: it needs no resampling.

    Args:
        served: at least a few hundred; at most 2,000 are looked at.
        training: as many.
        recipe: finds the terms.
        false_alarm_rate: of this measure alone.
        seed: of the choice of texts and halves.
    """
    random = np.random.default_rng(seed)
    sides = [_some(served, random), _some(training, random)]
    texts = [*sides[0], *sides[1]]
    is_served = np.repeat([1, 0], [len(sides[0]), len(sides[1])])
    is_tried = np.concatenate([random.permutation(len(side)) % 2 == 0 for side in sides])
    vectorizer = CountVectorizer(
        analyzer=lambda text: terms_of(recipe, text), binary=True, min_df=_LEAST_USES
    )
    try:
        counts = vectorizer.fit_transform(texts)
    except ValueError:  # no term is in three texts: nothing to tell them apart by
        counts = None
    if counts is None:
        return DomainResult(0.5, _threshold(is_served[is_tried], false_alarm_rate), (), (), (), ())
    model = LogisticRegression(C=0.1, solver="liblinear", random_state=seed).fit(
        counts[~is_tried], is_served[~is_tried]
    )
    scores = model.decision_function(counts)
    terms, weights = vectorizer.get_feature_names_out(), model.coef_[0]
    order = np.argsort(weights, kind="stable")
    return DomainResult(
        auc=float(roc_auc_score(is_served[is_tried], scores[is_tried])),
        threshold=_threshold(is_served[is_tried], false_alarm_rate),
        served_words=_words(terms, weights, order[::-1]),
        training_words=_words(terms, -weights, order),
        served_examples=_typical(texts, np.where(is_served == 1, scores, -np.inf)),
        training_examples=_typical(texts, np.where(is_served == 0, -scores, -np.inf)),
    )


def _some(texts: Sequence[str], random: np.random.Generator) -> list[str]:
    if len(texts) <= MOST_TEXTS:
        return list(texts)
    return [texts[row] for row in np.sort(random.choice(len(texts), MOST_TEXTS, replace=False))]


def _threshold(is_served: NDArray[np.int64], rate: float) -> float:
    served = int(is_served.sum())
    training = len(is_served) - served
    spread = np.sqrt((served + training + 1) / (12 * served * training))
    return float(0.5 + norm.isf(rate) * spread)


def _words(
    terms: NDArray[np.object_], weights: NDArray[np.float64], order: NDArray[np.int64]
) -> tuple[str, ...]:
    return tuple(str(terms[row]) for row in order[:_WORDS_SHOWN] if weights[row] > 0)


def _typical(texts: Sequence[str], scores: NDArray[np.float64]) -> tuple[str, ...]:
    return tuple(texts[row][:_EXAMPLE_CHARS] for row in np.argsort(-scores, kind="stable")[:_EXAMPLES])
