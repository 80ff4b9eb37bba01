"""Baselines that a classifier must exceed: guesses and simple rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from opinionlens.features.counts import FloatArray
from opinionlens.text.labels import LABELS, Label
from opinionlens.text.lexicon import LEXICON_FEATURES, lexicon_values
from opinionlens.text.recipe import RECIPES

# VADER's authors call a text neutral when its compound value lies between these.
_VADER_THRESHOLD = 0.05
_COMPOUND = LEXICON_FEATURES.index("compound")
_RECIPE = RECIPES["plain-v2"]

_PRAISE = """
amazing awesome beautiful best better brilliant cool delicious delightful easy enjoy enjoyed excellent
fantastic fast favorite fine friendly fun good great happy helpful impressed liked love loved lovely nice
perfect pleasant recommend smooth superb tasty thank thanks wonderful worth wow yummy
"""
_BLAME = """
angry annoying awful bad boring broken cancelled delayed delays disappointed disappointing disgusting fail
failed fails hate hated horrible lost mess mistake nasty never pathetic poor problem problems refund
ridiculous rude sad slow stuck stupid terrible ugly unacceptable upset useless waste worse worst wrong
"""
_POINTS = dict.fromkeys(_PRAISE.split(), 1) | dict.fromkeys(_BLAME.split(), -1)


class Fitted(Protocol):
    """A baseline fitted to training labels."""

    @property
    def classes(self) -> tuple[Label, ...]:
        """The training labels in the order of LABELS.

        They are the columns of its probabilities.
        """

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return (n, k) probabilities, rows summing to 1."""


class Baseline(Protocol):
    """A baseline before it is fitted."""

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Fitted:
        """Fit to the training texts and their labels."""


@dataclass(frozen=True)
class ClassShares:
    """A baseline that predicts the training labels' shares for everything."""

    classes: tuple[Label, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, labels: Sequence[str]) -> ClassShares:
        """Count the labels."""
        sizes = Counter(labels)
        classes = tuple(label for label in LABELS if sizes[label])
        return cls(classes, tuple(sizes[label] / len(labels) for label in classes))

    @property
    def most_common(self) -> Label:
        """The most common training label; of equals the first."""
        return self.classes[int(np.argmax(self.shares))]

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return the same row for every text."""
        return np.tile(np.array(self.shares), (len(texts), 1))


@dataclass(frozen=True)
class Guess:
    """A baseline that predicts at random.

    The predictions are the same for the same seed and number of texts.
    """

    classes: tuple[Label, ...]
    seed: int

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return rows drawn evenly from all distributions."""
        return np.random.default_rng(self.seed).dirichlet(np.ones(len(self.classes)), size=len(texts))


@dataclass(frozen=True)
class Rule:
    """A baseline that compares a text's value with thresholds.

    The value rises from blame to praise. The probability of the predicted label is the rule's accuracy on the
    training texts.
    """

    value: Callable[[str], float]
    threshold: float
    shares: ClassShares
    certainty: float

    @property
    def classes(self) -> tuple[Label, ...]:
        """The labels of the training texts."""
        return self.shares.classes

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Give the predicted label `certainty`, the others equal parts."""
        rest = (1 - self.certainty) / (len(self.classes) - 1)
        probabilities = np.full((len(texts), len(self.classes)), rest)
        columns = [self.classes.index(self.label_of(text)) for text in texts]
        probabilities[np.arange(len(texts)), columns] = self.certainty
        return probabilities

    def label_of(self, text: str) -> Label:
        """Predict the label of one text.

        Where no label is neutral, any value but 0 decides.
        """
        value = self.value(text)
        threshold = self.threshold if Label.NEUTRAL in self.classes else np.nextafter(0, 1)
        if value >= threshold and Label.POSITIVE in self.classes:
            return Label.POSITIVE
        if value <= -threshold and Label.NEGATIVE in self.classes:
            return Label.NEGATIVE
        return Label.NEUTRAL if Label.NEUTRAL in self.classes else self.shares.most_common


@dataclass(frozen=True)
class ZeroRule:
    """The baseline that always predicts the most common label."""

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> ClassShares:
        """Count the labels."""
        return ClassShares.of(labels)


@dataclass(frozen=True)
class RandomGuess:
    """The baseline that predicts by a seeded draw."""

    seed: int

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Guess:
        """Take the classes of the training labels."""
        return Guess(ClassShares.of(labels).classes, self.seed)


@dataclass(frozen=True)
class ByRule:
    """The baseline that compares a value with a threshold."""

    value: Callable[[str], float]
    threshold: float

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Rule:
        """Take the training labels' shares and the rule's accuracy."""
        shares = ClassShares.of(labels)
        rule = Rule(self.value, self.threshold, shares, certainty=1.0)
        right = sum(rule.label_of(text) == label for text, label in zip(texts, labels, strict=True))
        # Above a half the predicted label stays the most probable; below 1 the log of an error is finite.
        return Rule(self.value, self.threshold, shares, certainty=min(max(right / len(labels), 0.51), 0.99))


def praise_minus_blame(text: str) -> float:
    """Return the words of praise less those of blame.

    This is the first system's heuristic.
    """
    return float(sum(_POINTS.get(word, 0) for word in _RECIPE.tokens(text)))


def compound(text: str) -> float:
    """Return the text's compound value between -1 and 1.

    It is computed from VADER's word list in our one pass.
    """
    return lexicon_values(_RECIPE.pieces(text))[_COMPOUND]


# The first system's names are these with `_baseline` behind them. Each is made with the seed.
BASELINES: Mapping[str, Callable[[int], Baseline]] = {
    "zero_rule": lambda seed: ZeroRule(),
    "random": RandomGuess,
    "heuristic": lambda seed: ByRule(praise_minus_blame, threshold=1.0),
    "vader": lambda seed: ByRule(compound, _VADER_THRESHOLD),
}
