"""The answers of two models to the same texts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opinionlens.classifiers.explanation import Explanation
from opinionlens.classifiers.prediction_pair import PredictionPair
from opinionlens.serving.store import ServedModel
from opinionlens.text.labels import LABELS, Label
from opinionlens.web.services.deciding_words import DecidingWord, ListedWord, deciding_words, strongest_words


@dataclass(frozen=True, slots=True)
class ModelOnTrial:
    """Name, version and kind of a model on trial."""

    name: str
    version: int | str | None
    kind: str

    @classmethod
    def of(cls, model: ServedModel) -> ModelOnTrial:
        """Return the facts of a model, without the model."""
        return cls(model.name, model.version, model.kind)

    @property
    def title(self) -> str:
        """Name and version, for people."""
        return self.name if self.version is None else f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class PairedWord:
    """A word that decided in one answer or in both.

    `first` and `second` are its entries in their lists; None where it did not decide.
    """

    text: str
    first: ListedWord | None
    second: ListedWord | None

    @property
    def both(self) -> tuple[ListedWord | None, ListedWord | None]:
        """The two entries."""
        return (self.first, self.second)

    @property
    def agrees(self) -> bool:
        """Whether it speaks for the same class in both."""
        return self.first is not None and self.second is not None and self.first.toward is self.second.toward


@dataclass(frozen=True, slots=True)
class PairedProbability:
    """The probability of a label in both answers."""

    label: Label
    first: float
    second: float
    change: float

    @property
    def both(self) -> tuple[float, float]:
        """The two probabilities."""
        return (self.first, self.second)


@dataclass(frozen=True, slots=True)
class TriedText:
    """A text with the explanations of both models."""

    text: str
    first: Explanation
    second: Explanation

    @property
    def explanations(self) -> tuple[Explanation, Explanation]:
        """The two explanations."""
        return (self.first, self.second)

    @property
    def pair(self) -> PredictionPair:
        """The two predictions."""
        return PredictionPair(self.first.prediction, self.second.prediction)

    @property
    def probabilities(self) -> list[PairedProbability]:
        """The probabilities beside each other, in the order of LABELS."""
        pair = self.pair
        rows = zip(LABELS, pair.first.probabilities, pair.second.probabilities, pair.changes, strict=True)
        return [PairedProbability(*row) for row in rows]

    def words(self) -> list[PairedWord]:
        """Return the deciding words of both, the strongest first."""
        return paired_words(*(strongest_words(deciding_words(one)) for one in self.explanations))

    def words_in_place(self) -> tuple[list[DecidingWord], list[DecidingWord]]:
        """Return the deciding words of each, in text order."""
        return deciding_words(self.first), deciding_words(self.second)


@dataclass(frozen=True, slots=True)
class Trial:
    """Two models and their answers to the same texts."""

    models: tuple[ModelOnTrial, ModelOnTrial]
    texts: Sequence[TriedText]

    @property
    def differing(self) -> int:
        """How many texts get different labels."""
        return sum(one.pair.differs for one in self.texts)


def paired_words(first: Sequence[ListedWord], second: Sequence[ListedWord]) -> list[PairedWord]:
    """Return the words of two lists, paired.

    Weights of different kinds of models are not comparable, so each word counts by its share of the
    strongest in its own list.
    """
    ours, theirs = _by_word(first), _by_word(second)
    names = [*ours, *(name for name in theirs if name not in ours)]
    words = [
        PairedWord(_text_of(ours.get(name), theirs.get(name)), ours.get(name), theirs.get(name))
        for name in names
    ]
    return sorted(words, key=lambda word: -max(one.share for one in word.both if one is not None))


def _by_word(words: Iterable[ListedWord]) -> dict[str, ListedWord]:
    """Return the strongest entry of each word; it comes first."""
    found: dict[str, ListedWord] = {}
    for word in words:
        found.setdefault(word.text.casefold(), word)
    return found


def _text_of(*entries: ListedWord | None) -> str:
    return next(one.text for one in entries if one is not None)
