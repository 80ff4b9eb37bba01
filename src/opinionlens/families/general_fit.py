"""Fitting of the general expert and its gate.

`classifiers.general_expert` applies them. The expert is the mean of three softmax regressions, each over
other general values: their errors differ, and one regression over all of them was worse on texts of other
kinds (docs/decisions/0017). The classes count alike in them, for how frequent each is in the training texts
says nothing of other texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opinionlens.features.counts import FloatArray
from opinionlens.text.general import GENERAL_FEATURES
from opinionlens.text.likeness import likeness, plain_word

Codes = npt.NDArray[np.int64]

# Chosen on out-of-fold rows and on half of two sets of other kinds.
_LOW_QUANTILE, _HIGH_QUANTILE = 0.001, 0.2
FLOOR = 0.1
_COMPOUND = ("vader_compound", "vader_strength")
_OPINIONS = ("opinion", "opinion_strength", "asks", "asked", "asked_strength", "requests", "mixed")
_MEMBERS = (_COMPOUND, _OPINIONS, (*_OPINIONS, "inferred"))
# The tweets that the expert is fitted on state much that no list knows, so it learns to doubt the lists.
# On other texts it is surer by this: the least log loss on half of the topic tweets (docs/decisions/0042).
_SURENESS = 1.5
# Rarer words are a quarter of a million in a million tweets, and nearly all of them say nothing.
_LEAST_USES = 2
_MOST_TERMS = 50_000
_UNSEEN_USES = 0.5


@dataclass(frozen=True, eq=False)
class ExpertWeights:
    """The weights of a softmax regression over `GENERAL_FEATURES`.

    `coef` is (k, features), `intercept` (k,).
    """

    coef: FloatArray
    intercept: FloatArray

    def decision_values(self, values: FloatArray) -> FloatArray:
        """Return decision values (n, k) for general values (n, features)."""
        found: FloatArray = values @ self.coef.T + self.intercept
        return found


@dataclass(frozen=True, eq=False)
class DomainWords:
    """The words of the training texts, with their likeness.

    `unseen` is the share that is assumed for a word that they lack.
    """

    terms: tuple[str, ...]
    likeness: FloatArray
    unseen: float


def fit_expert(values: FloatArray, codes: Codes, *, scale: float) -> ExpertWeights:
    """Fit the general expert.

    Args:
        values: general values of the training texts (n, features).
        codes: their labels.
        scale: the factor from the domain model's decision values to logits. The expert's are divided by it,
            so that both mean the same.
    """
    classes = len(np.unique(codes))
    coef, intercept = np.zeros((classes, len(GENERAL_FEATURES))), np.zeros(classes)
    for member in _MEMBERS:
        columns = [GENERAL_FEATURES.index(name) for name in member]
        weights, bias = _balanced_regression(values[:, columns], codes)
        coef[:, columns] += weights
        intercept += bias
    factor = _SURENESS / (len(_MEMBERS) * scale)
    return ExpertWeights(coef * factor, intercept * factor)


def _balanced_regression(values: FloatArray, codes: Codes) -> tuple[FloatArray, FloatArray]:
    from sklearn.linear_model import LogisticRegression

    spread = values.std(axis=0)
    spread[spread == 0] = 1.0
    model = LogisticRegression(class_weight="balanced", max_iter=2000).fit(values / spread, codes)
    coef, intercept = model.coef_ / spread, model.intercept_
    if len(intercept) == 1:  # two classes: scikit-learn keeps the difference alone
        return np.vstack([-coef / 2, coef / 2]), np.array([-intercept[0] / 2, intercept[0] / 2])
    return coef, intercept


def count_domain_words(texts: Iterable[Sequence[str]]) -> DomainWords:
    """Count the words of training texts, given as tokens."""
    uses = Counter(word for tokens in texts for token in tokens if (word := plain_word(token)) is not None)
    total = max(sum(uses.values()), 1)
    kept = sorted(
        (word for word, count in uses.items() if count >= _LEAST_USES), key=lambda word: (-uses[word], word)
    )[:_MOST_TERMS]
    values = [likeness(word, (uses[word] + _UNSEEN_USES) / total) for word in kept]
    return DomainWords(tuple(kept), np.array(values, dtype=np.float64), _UNSEEN_USES / total)


def gate_bounds(likeness_of_texts: FloatArray) -> tuple[float, float]:
    """Return the mean likenesses between which the gate opens.

    Args:
        likeness_of_texts: of texts of the domain that the words were not counted in.
    """
    low, high = np.quantile(likeness_of_texts, [_LOW_QUANTILE, _HIGH_QUANTILE]).tolist()
    return low, max(high, low + 1e-6)
