"""The opinions that a text states, found in one pass.

A sum of listed words misses "no complaints", "not the worst", "but the battery is useless" and "1 star". Here
a phrase counts as a whole, a negator turns the words that follow in its clause, and words in a condition, in
a concession or in reported speech count for less than an outright statement.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from opinionlens.text.opinion_entries import MEANINGS, SUBJECTS, Meaning, Sense
from opinionlens.text.ratings import rating_before

REACH = 4  # pieces that a negator acts on, at most to the end of its clause
_BOOST_REACH = 3
_BOOST = 0.293  # as VADER's authors measured it
_NOWHERE = -100  # far before the first piece: no negator acts

_NOT_PRAISE, _NOT_BLAME, _NEVER_BLAME = -0.75, -0.55, -0.8
_BEFORE_BUT, _AFTER_BUT = 0.5, 1.5
_WEIGHTS = {"although": 0.35, "if": 0.3, "said": 0.4}
_UNIVERSALLY = """
never nothing nobody none no couldn't couldnt can't cant cannot without nowhere
"""
_UNIVERSAL = frozenset(_UNIVERSALLY.split())
_COMPARING = """
better worse happier easier nicer more faster cheaper finer kinder friendlier sweeter cuter sadder angrier
"""
_COMPARATIVES = frozenset(_COMPARING.split())
_SARCASTIC = -0.6  # of "Great, …" before a complaint


@dataclass(slots=True)
class Opinion:
    """A range of pieces with a valence.

    Attributes:
        first: number of its first piece.
        last: number of its last piece.
        value: the valence after negation, intensifiers and weights.
        inferred: whether the list got it from word vectors.
        asked: whether its sentence is a question.
    """

    first: int
    last: int
    value: float
    inferred: bool = False
    asked: bool = False


@dataclass(slots=True)
class FoundOpinions:
    """The findings of one pass.

    Attributes:
        opinions: in the order of the text.
        asks_at: the mark that makes the last sentence a question, as the number of its piece; -1 for none.
        requests_at: the first word that asks for something; -1 for none.
    """

    opinions: list[Opinion]
    asks_at: int = -1
    requests_at: int = -1

    @property
    def asks(self) -> bool:
        """Whether the last sentence is a question."""
        return self.asks_at >= 0

    @property
    def requests(self) -> bool:
        """Whether the text asks for something."""
        return self.requests_at >= 0


def read_opinions(pieces: Sequence[str]) -> FoundOpinions:
    """Return the opinions in a text already cut by `scan`."""
    return _Pass(list(map(MEANINGS.__getitem__, pieces))).read()


class _Pass:
    """The state of one pass over one text."""

    __slots__ = (
        "asks_at",
        "boosters",
        "buts",
        "meanings",
        "negator",
        "negator_word",
        "opinions",
        "requests_at",
        "sentence",
        "sentence_opinions",
        "sentence_weight",
        "weighed",
        "weight",
        "weight_ends_at_comma",
    )

    def __init__(self, meanings: list[Meaning | None]) -> None:
        self.meanings = meanings
        self.opinions: list[Opinion] = []
        self.asks_at = self.requests_at = -1
        self.boosters: deque[tuple[int, float]] = deque()
        self.buts: list[int] = []
        self.negator, self.negator_word = _NOWHERE, ""
        self._begin_sentence(0)

    def read(self) -> FoundOpinions:
        meanings, count, number = self.meanings, len(self.meanings), 0
        while number < count:
            meaning = meanings[number]
            if meaning is None:
                number += 1
            elif meaning.mark:
                self._end(meaning.mark, number)
                number += 1
            elif meaning.face:
                self.opinions.append(Opinion(number, number, meaning.face))
                number += 1
            else:
                sense, end = meaning.sense, number + 1
                if meaning.starts is not None:
                    sense, end = self._longest(meaning, number)
                if self.weight_ends_at_comma and meaning.word in SUBJECTS:
                    self._resume()
                if sense is not None:
                    self._apply(sense, number, end, meaning)
                number = end
        self._weaken_before_buts()
        _undo_sarcasm(self.opinions, meanings)
        return FoundOpinions(self.opinions, self.asks_at, self.requests_at)

    def _longest(self, meaning: Meaning, number: int) -> tuple[Sense | None, int]:
        node, best, end = meaning.starts, meaning.sense, number + 1
        for at in range(number + 1, len(self.meanings)):
            following = self.meanings[at]
            word = following.word if following is not None else "_"
            assert node is not None  # noqa: S101 - the loop ends with the tree
            node = node.next.get(word) or (node.next.get("_") if word else None)
            if node is None:
                break
            if node.sense is not None:
                best, end = node.sense, at + 1
        return best, end

    def _apply(self, sense: Sense, first: int, end: int, meaning: Meaning) -> None:
        effect = sense.effect
        if not effect:
            if sense.valence:
                self._add(sense, first, end, meaning)
        elif effect == "not":
            self._negate(first, end, meaning)
        elif effect in ("more", "less"):
            self.boosters.append((end - 1, _BOOST if effect == "more" else -_BOOST))
        elif effect == "but":
            self._contrast(first, meaning)
        elif effect in _WEIGHTS:
            self.weight, self.weight_ends_at_comma = _WEIGHTS[effect], effect != "said"
            self.weighed = len(self.opinions)
            self.negator = _NOWHERE
        elif effect == "ask":
            self.requests_at = first if self.requests_at < 0 else self.requests_at
        elif effect == "rating" and (found := rating_before(self.meanings, first)) is not None:
            self.opinions.append(Opinion(found.first, first, found.valence))

    def _add(self, sense: Sense, first: int, end: int, meaning: Meaning) -> None:
        value = sense.valence
        if not sense.fixed:
            value = self._boosted(value * meaning.strength, first)
            if first - self.negator <= REACH:
                value = self._turned(value, meaning.word)
        value *= self.weight * self.sentence_weight
        self.opinions.append(Opinion(first, end - 1, value, sense.inferred))

    def _boosted(self, value: float, number: int) -> float:
        while self.boosters and number - self.boosters[0][0] > _BOOST_REACH:
            self.boosters.popleft()
        boost = sum(amount for _, amount in self.boosters)
        return value + boost if value > 0 else value - boost

    def _turned(self, value: float, word: str) -> float:
        universal = self.negator_word in _UNIVERSAL
        if universal and word in _COMPARATIVES:
            return value * 1.3  # "couldn't be happier", "never been worse"
        if value > 0:
            return value * _NOT_PRAISE
        return value * (_NEVER_BLAME if universal else _NOT_BLAME)

    def _negate(self, first: int, end: int, meaning: Meaning) -> None:
        opens_question = first == self.sentence and meaning.word.endswith("n't") and self._asked(end)
        if opens_question:  # "Isn't it lovely?"
            return
        if first - self.negator <= REACH and end - first > 1:  # "never fails to"
            self.negator = _NOWHERE
            return
        self.negator, self.negator_word = end - 1, meaning.word

    def _asked(self, number: int) -> bool:
        for meaning in self.meanings[number : number + 40]:
            if meaning is not None and meaning.mark and meaning.mark not in ",;:()#":
                return "?" in meaning.mark
        return False

    def _contrast(self, first: int, meaning: Meaning) -> None:
        before = self.meanings[first - 1] if first else None
        if meaning.word == "yet" and first != self.sentence and not (before is not None and before.mark):
            return  # "not yet"
        self.buts.append(len(self.opinions))
        self.sentence_weight, self.weight = _AFTER_BUT, 1.0
        self.negator = _NOWHERE
        self.boosters.clear()

    def _weaken_before_buts(self) -> None:
        """Weaken the sentence's opinions, once for each "but" behind."""
        start = self.sentence_opinions
        for behind, at in zip(range(len(self.buts), 0, -1), self.buts, strict=True):
            for opinion in self.opinions[start:at]:
                opinion.value *= _BEFORE_BUT**behind
            start = at
        self.buts.clear()

    def _resume(self) -> None:
        """End a scope without a comma.

        As in "despite the rain we loved it".
        """
        if len(self.opinions) > self.weighed:
            self.weight, self.weight_ends_at_comma = 1.0, False

    def _end(self, mark: str, number: int) -> None:
        if mark == "#":
            return
        self.negator = _NOWHERE
        self.boosters.clear()
        if self.weight_ends_at_comma:
            self.weight = 1.0
        if mark in ",()":
            return
        asks = "?" in mark or "？" in mark
        self.asks_at = number if asks else -1
        if asks:
            for opinion in self.opinions[self.sentence_opinions :]:
                opinion.asked = True
        self._begin_sentence(number + 1)

    def _begin_sentence(self, number: int) -> None:
        if self.buts:
            self._weaken_before_buts()
        self.sentence, self.sentence_opinions = number, len(self.opinions)
        self.weight = self.sentence_weight = 1.0
        self.weight_ends_at_comma, self.weighed = False, 0


def _undo_sarcasm(opinions: list[Opinion], meanings: Sequence[Meaning | None]) -> None:
    """Turn leading praise ("Great, …") where only complaints follow."""
    if len(opinions) < 2 or opinions[0].first > 1 or opinions[0].value <= 0:
        return
    first = opinions[0]
    behind = meanings[first.last + 1] if first.last + 1 < len(meanings) else None
    if behind is not None and behind.mark and all(opinion.value < 0 for opinion in opinions[1:]):
        first.value *= _SARCASTIC
