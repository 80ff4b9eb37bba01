"""A second model for all texts, with a gate.

The n-grams of a linear classifier are right about texts like those they were fitted on and overconfident on
all others. The general expert weighs a few values of the word lists instead (`text.general`), which hold for
any text. The gate measures how much the words of a text belong to the training texts, and decides how much
each of the two counts: decision = n * n-grams + e * expert with n = floor + (1 - floor) * share and e = (1 -
share)^1.5: in texts that are half familiar the n-grams know more. Where share is 1, as for four of five texts
of the domain, the expert is not computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from opinionlens.classifiers.linear.general_weights import GeneralWeights
from opinionlens.features.calibration import FloatArray
from opinionlens.text.general import GENERAL_FEATURES, is_prose
from opinionlens.text.likeness import PRIOR, SMOOTHING, plain_word, unseen_likeness
from opinionlens.text.memo import Memo

# Chosen out of fold: with 1 the expert, as sure as it is, costs .0009 of macro F1 (docs/decisions/0042).
_EXPERT_POWER = 1.5
_Share = TypeVar("_Share", float, FloatArray)


class Mixture(NamedTuple):
    """The parts of n-grams and expert in one text.

    Attributes:
        share: how much the text is like the training texts, from 0 to 1.
        domain: the factor of the n-grams' decision values.
        expert: the factor of the expert's.
        is_prose: whether the text is written for people; see `text.general.is_prose`.
    """

    share: float
    domain: float
    expert: float
    is_prose: bool = True

    @property
    def uses_values(self) -> bool:
        """Whether the expert reads the general values."""
        return self.expert > 0 and self.is_prose


WHOLE_DOMAIN = Mixture(1.0, 1.0, 0.0)
# Of code and records the words say nothing: neither part has an opinion, and the expert's bias remains.
NO_PROSE = Mixture(0.0, 0.0, 1.0, is_prose=False)
NO_VALUES = [0.0] * len(GENERAL_FEATURES)


class TextLikeness:
    """A measure of a text's likeness to the training texts."""

    def __init__(self, terms: Sequence[str], likeness: FloatArray, unseen: float) -> None:
        """Index the words; the three are those of `GeneralWeights`."""
        known = dict(zip(terms, likeness.tolist(), strict=True))

        def likeness_of(token: str) -> float | None:
            word = plain_word(token)
            if word is None:
                return None
            found = known.get(word)
            return unseen_likeness(word, unseen) if found is None else found

        self._of_token: Memo[float | None] = Memo(likeness_of)

    def of(self, tokens: Sequence[str]) -> float:
        """Return the mean likeness of the tokens.

        Few tokens draw it down.
        """
        found = [value for value in map(self._of_token.__getitem__, tokens) if value is not None]
        return (sum(found) + SMOOTHING * PRIOR) / (len(found) + SMOOTHING)


def parts_of(share: _Share, floor: float) -> tuple[_Share, _Share]:
    """Return the factors of n-grams and expert at a share."""
    return floor + (1.0 - floor) * share, (1.0 - share) ** _EXPERT_POWER


class Gate:
    """The rule for the parts of n-grams and expert."""

    def __init__(self, weights: GeneralWeights) -> None:
        """Index the words."""
        self._low, self._span = weights.low, weights.high - weights.low
        self._floor = weights.floor
        self._likeness = TextLikeness(weights.terms, weights.likeness, weights.unseen)

    def mixture(self, tokens: Sequence[str]) -> Mixture:
        """Return the parts of n-grams and expert in a text."""
        share = (self._likeness.of(tokens) - self._low) / self._span
        if share >= 1.0:
            return WHOLE_DOMAIN
        share = max(share, 0.0)
        return Mixture(share, *parts_of(share, self._floor))


class GeneralExpert:
    """The expert and its gate, laid out for predicting."""

    def __init__(self, weights: GeneralWeights) -> None:
        """Lay out the weights."""
        self.gate = Gate(weights)
        self.coef, self.intercept = weights.coef, weights.intercept
        self._columns: list[list[float]] = weights.coef.T.tolist()
        self._bias: list[float] = weights.intercept.tolist()

    def decide(self, values: Sequence[float]) -> list[float]:
        """Return the decision values for one text's general values."""
        decision = self._bias
        for value, column in zip(values, self._columns, strict=True):
            if value:  # most are 0 in a short text
                decision = [one + value * weight for one, weight in zip(decision, column, strict=True)]
        return decision

    def mixture(self, text: str, pieces: Sequence[str], tokens: Sequence[str]) -> Mixture:
        """Return the parts of n-grams and expert in a text."""
        mixture = self.gate.mixture(tokens)
        return NO_PROSE if mixture.expert and not is_prose(text, pieces) else mixture

    def mix(self, domain: Sequence[float], mixture: Mixture, values: Sequence[float]) -> list[float]:
        """Return one text's decision values from n-grams and expert."""
        own = self.decide(values)
        return [mixture.domain * one + mixture.expert * other for one, other in zip(domain, own, strict=True)]

    def mix_many(
        self, domain: FloatArray, mixtures: Sequence[Mixture], values: Sequence[Sequence[float]]
    ) -> FloatArray:
        """Return texts' decision values (n, k) from n-grams and expert.

        `domain` has those of the n-grams, (n, k).
        """
        own = np.array(values, dtype=np.float64).reshape(len(domain), -1) @ self.coef.T + self.intercept
        factors = np.array([(one.domain, one.expert) for one in mixtures], dtype=np.float64).reshape(-1, 2)
        return factors[:, :1] * domain + factors[:, 1:] * own
