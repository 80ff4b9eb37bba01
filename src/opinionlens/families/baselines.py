"""What a classifier has to beat: guesses and rules that learn next to nothing."""

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
    """A baseline that knows its training labels."""

    @property
    def classes(self) -> tuple[Label, ...]:
        """The labels it met, in the order of LABELS: the columns of its probabilities."""

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return (n, k) probabilities, rows summing to 1."""


class Baseline(Protocol):
    """A baseline before it has seen anything."""

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Fitted:
        """Look at the training texts and their labels."""


@dataclass(frozen=True)
class ClassShares:
    """Answers every text with the shares of the training labels."""

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
        """The label of most training texts; of equals the first."""
        return self.classes[int(np.argmax(self.shares))]

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return the same row for every text."""
        return np.tile(np.array(self.shares), (len(texts), 1))


@dataclass(frozen=True)
class Guess:
    """Answers at random, the same way for the same seed and number of texts."""

    classes: tuple[Label, ...]
    seed: int

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return rows drawn evenly from all distributions."""
        return np.random.default_rng(self.seed).dirichlet(np.ones(len(self.classes)), size=len(texts))


@dataclass(frozen=True)
class Rule:
    """Answers by a value that rises from blame to praise; as sure as it was right on the training texts."""

    value: Callable[[str], float]
    threshold: float
    shares: ClassShares
    certainty: float

    @property
    def classes(self) -> tuple[Label, ...]:
        """The labels of the training texts."""
        return self.shares.classes

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Give the verdict `certainty`, and the other labels equal parts of the rest."""
        rest = (1 - self.certainty) / (len(self.classes) - 1)
        probabilities = np.full((len(texts), len(self.classes)), rest)
        columns = [self.classes.index(self.verdict(text)) for text in texts]
        probabilities[np.arange(len(texts)), columns] = self.certainty
        return probabilities

    def verdict(self, text: str) -> Label:
        """Return the label of one text; where no label is neutral, any value but 0 decides."""
        value = self.value(text)
        threshold = self.threshold if Label.NEUTRAL in self.classes else np.nextafter(0, 1)
        if value >= threshold and Label.POSITIVE in self.classes:
            return Label.POSITIVE
        if value <= -threshold and Label.NEGATIVE in self.classes:
            return Label.NEGATIVE
        return Label.NEUTRAL if Label.NEUTRAL in self.classes else self.shares.most_common


@dataclass(frozen=True)
class ZeroRule:
    """Always the most common label."""

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> ClassShares:
        """Count the labels."""
        return ClassShares.of(labels)


@dataclass(frozen=True)
class RandomGuess:
    """Any label, by a seeded draw."""

    seed: int

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Guess:
        """Note which labels there are."""
        return Guess(ClassShares.of(labels).classes, self.seed)


@dataclass(frozen=True)
class ByRule:
    """A value of the text against a threshold."""

    value: Callable[[str], float]
    threshold: float

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Rule:
        """Note which labels there are, and how often the rule is right."""
        shares = ClassShares.of(labels)
        rule = Rule(self.value, self.threshold, shares, certainty=1.0)
        right = sum(rule.verdict(text) == label for text, label in zip(texts, labels, strict=True))
        # Above a half the verdict stays the most probable label; below 1 an error's logarithm is finite.
        return Rule(self.value, self.threshold, shares, certainty=min(max(right / len(labels), 0.51), 0.99))


def praise_minus_blame(text: str) -> float:
    """Return how many more words of praise than of blame the text has (the first system's heuristic)."""
    return float(sum(_POINTS.get(word, 0) for word in _RECIPE.tokens(text)))


def compound(text: str) -> float:
    """Return the text's compound value between -1 and 1, by VADER's word list and our one pass."""
    return lexicon_values(_RECIPE.pieces(text))[_COMPOUND]


# The first system's names are these with `_baseline` behind them. Each is made with the seed.
BASELINES: Mapping[str, Callable[[int], Baseline]] = {
    "zero_rule": lambda seed: ZeroRule(),
    "random": RandomGuess,
    "heuristic": lambda seed: ByRule(praise_minus_blame, threshold=1.0),
    "vader": lambda seed: ByRule(compound, _VADER_THRESHOLD),
}
