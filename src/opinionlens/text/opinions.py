"""The opinions that a text states, found in one pass.

A sum of listed words misses "no complaints", "not the worst", "but the battery is useless" and "1 star". Here
a phrase counts as a whole, a negator turns the words that follow in its clause, and words in a condition, in
a concession or in reported speech count for less than an outright statement.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from opinionlens.text.opinion import Opinion
from opinionlens.text.opinion_entries import MEANINGS, SUBJECTS, Meaning, word_at
from opinionlens.text.phrase_tree import Node, Sense
from opinionlens.text.ratings import rating_before
from opinionlens.text.sarcasm import undo_sarcasm

REACH = 4  # pieces that a negator acts on, at most to the end of its clause
_BOOST_REACH = 3
_BOOST = 0.293  # as VADER's authors measured it
_NOWHERE = -100  # far before the first piece: no negator acts

_NOT_PRAISE, _NOT_BLAME = -0.75, -0.8
_BEFORE_BUT, _AFTER_BUT = 0.5, 1.5
_WEIGHTS = {"although": 0.35, "if": 0.3}
_REPORTED = 0.15
_STANCES = {"agree": 1.0, "disagree": -0.75}
_LEAST_SCOPE = 1  # pieces of a concession before a subject that ends it
_SAID_REACH = 2  # pieces between "i" and a verb of saying
_THAN_REACH = 5  # pieces between "better" and "this"

_ASKING = frozenset(("who", "what", "what's", "whats", "how", "why", "where"))
# "I'd say it is awful" and "nothing bad to say" report nobody.
_WRITING = "i we i'd we'd i'll i'm i've let's to cant can't cannot"
_WRITERS = frozenset(_WRITING.split())
_UNIVERSALLY = """
never nothing nobody none no couldn't couldnt can't cant cannot without nowhere
"""
_UNIVERSAL = frozenset(_UNIVERSALLY.split())
_FEWER = frozenset(("less", "least"))
_COMPARING = """
better worse happier easier nicer more faster cheaper finer kinder friendlier sweeter cuter sadder angrier
"""
_COMPARATIVES = frozenset(_COMPARING.split())
_THIS = frozenset(("this", "these", "theirs", "yours", "that", "your", "their"))
_STOPS = frozenset((".", "!", "..", "...", "…"))


@dataclass(slots=True)
class FoundOpinions:
    """The findings of one pass.

    Attributes:
        opinions: in the order of the text.
        asks_at: the mark that makes the last sentence a question, as the number of its piece; -1 for none.
        requests_at: the first word that asks for something; -1 for none.
        weighs: whether a word such as "but", "if" or "says" says what counts.
    """

    opinions: list[Opinion]
    asks_at: int = -1
    requests_at: int = -1
    weighs: bool = False

    @property
    def own_share(self) -> float:
        """The share of the opinions that are the writer's own."""
        if not self.opinions:
            return 1.0
        return sum(not opinion.reported for opinion in self.opinions) / len(self.opinions)

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


class _Scope:
    """The weight of the opinions in a clause or sentence.

    Attributes:
        weight: factor of the opinions in it.
        ends_at_comma: whether a comma or a new subject ends it.
        reported: whether somebody else says it.
        concedes: whether it opens a sentence with "although", so that what follows counts for more.
        start: number of its first piece.
        known: how many opinions stand before it.
    """

    __slots__ = ("concedes", "ends_at_comma", "known", "reported", "start", "weight")

    def __init__(
        self,
        weight: float = 1.0,
        *,
        ends_at_comma: bool = False,
        reported: bool = False,
        concedes: bool = False,
        start: int = 0,
        known: int = 0,
    ) -> None:
        self.weight, self.ends_at_comma, self.reported = weight, ends_at_comma, reported
        self.concedes, self.start, self.known = concedes, start, known


_OUTRIGHT = _Scope()  # of what the writer states, as nearly all


class _Pass:
    """The state of one pass over one text."""

    __slots__ = (
        "asks_at",
        "boosters",
        "buts",
        "fewer",
        "meanings",
        "negator",
        "negator_word",
        "opinions",
        "requests_at",
        "rhetorical",
        "scope",
        "sentence",
        "sentence_opinions",
        "sentence_weight",
        "weighs",
    )

    def __init__(self, meanings: list[Meaning | None]) -> None:
        self.meanings = meanings
        self.opinions: list[Opinion] = []
        self.asks_at = self.requests_at = -1
        self.weighs = False
        self.fewer = _NOWHERE
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
                continue
            word, sense, starts, mark, face, _ = meaning  # in one step: these are read for each word
            end = number + 1
            if mark:
                self._end(mark, number)
            elif face:
                self.opinions.append(Opinion(number, number, face))
            else:
                if starts is not None and end < count:
                    following = meanings[end]
                    behind = starts.next
                    if ("_" if following is None else following[0]) in behind or "_" in behind:
                        sense, end = self._longest(meaning, number)
                if self.scope is not _OUTRIGHT and word in SUBJECTS:
                    self._resume(word, number)
                if sense is not None:
                    self._apply(sense, number, end, meaning)
            number = end
        self._weaken_before_buts()
        undo_sarcasm(self.opinions, meanings)
        return FoundOpinions(self.opinions, self.asks_at, self.requests_at, self.weighs)

    def _longest(self, meaning: Meaning, number: int) -> tuple[Sense | None, int]:
        best, end = meaning.sense, number + 1
        nodes: Sequence[Node] = () if meaning.starts is None else (meaning.starts,)
        for at in range(number + 1, len(self.meanings)):
            following = self.meanings[at]
            word = following.word if following is not None else "_"
            nodes = _following(nodes, word)
            if not nodes:
                break
            sense = nodes[0].sense
            if sense is None and len(nodes) > 1:
                sense = next((node.sense for node in nodes if node.sense is not None), None)
            if sense is not None:
                best, end = sense, at + 1
        return best, end

    def _apply(self, sense: Sense, first: int, end: int, meaning: Meaning) -> None:
        effect = sense.effect
        if not effect:
            self._add(sense, first, end, meaning)
        elif effect == "not":
            self._negate(first, end, meaning)
        elif effect in ("more", "less"):
            self._boost(end - 1, effect, meaning.word)
        elif effect == "but":
            self._contrast(first, meaning)
        elif effect in _WEIGHTS:
            self._weigh(effect, first, end)
        elif effect == "said":
            self._report(first, end)
        elif effect in _STANCES:
            self._take_stance(_STANCES[effect])
        elif effect == "ask":
            self.requests_at = first if self.requests_at < 0 else self.requests_at
        else:
            self._rate(first)

    def _rate(self, number: int) -> None:
        found = rating_before(self.meanings, number)
        if found is not None:
            self.opinions.append(Opinion(found.first, number, found.valence))

    def _weigh(self, effect: str, first: int, end: int) -> None:
        """Begin the scope of a concession or condition."""
        self.weighs = True
        self.scope = _Scope(
            _WEIGHTS[effect],
            ends_at_comma=True,
            concedes=effect == "although" and first <= self.sentence + 1,
            start=end,
            known=len(self.opinions),
        )
        self.negator = _NOWHERE

    def _report(self, first: int, end: int) -> None:
        """Begin the scope of reported speech."""
        before = range(max(first - _SAID_REACH, self.sentence), first)
        if any(word_at(self.meanings, number) in _WRITERS for number in before):
            return  # "I say it's a dump"
        self.weighs = True
        self.scope = _Scope(_REPORTED, reported=True)
        self.negator = _NOWHERE
        if self._ends_soon(end):  # "…, the newspaper wrote."
            for opinion in self.opinions[self.sentence_opinions :]:
                opinion.value *= _REPORTED
                opinion.reported = True

    def _take_stance(self, stance: float) -> None:
        """Make the reported opinions the writer's own, or turn them."""
        for opinion in self.opinions:
            if opinion.reported:
                opinion.value *= stance / _REPORTED
                opinion.reported = False
        self.scope = _OUTRIGHT
        self.negator = _NOWHERE

    def _ends_soon(self, number: int) -> bool:
        behind = self.meanings[number : number + 3]
        return len(behind) < 3 or any(one is not None and one.mark in _STOPS for one in behind)

    def _add(self, sense: Sense, first: int, end: int, meaning: Meaning) -> None:
        value = sense.valence
        if not value:
            return
        if sense.fixed or (end - first > 1 and meaning.word in _ASKING):
            self.rhetorical = True  # "What's not to love about it?" says what it means
        if not sense.fixed:
            value = self._boosted(value * meaning.strength, first)
            if first - self.negator <= REACH:
                value = self._turned(value, meaning.word)
            if self.fewer == first - 1:
                value *= _NOT_PRAISE
        if value > 0 and self._beaten(meaning, end):
            value *= _NOT_PRAISE
        value *= self.scope.weight * self.sentence_weight
        self.opinions.append(Opinion(first, end - 1, value, sense.inferred, reported=self.scope.reported))

    def _beaten(self, meaning: Meaning, end: int) -> bool:
        """Tell whether "better" goes on with "than this"."""
        if meaning.word not in _COMPARATIVES and not meaning.word.endswith("er"):
            return False
        ahead = [word_at(self.meanings, number) for number in range(end - 1, end + _THAN_REACH)]
        return any(word == "than" and other in _THIS for word, other in pairwise(ahead))

    def _boost(self, number: int, effect: str, word: str) -> None:
        if word in _FEWER:  # "less useful"
            self.fewer = number
        self.boosters.append((number, _BOOST if effect == "more" else -_BOOST))

    def _boosted(self, value: float, number: int) -> float:
        while self.boosters and number - self.boosters[0][0] > _BOOST_REACH:
            self.boosters.popleft()
        boost = sum(amount for _, amount in self.boosters)
        return value + boost if value > 0 else value - boost

    def _turned(self, value: float, word: str) -> float:
        if self.negator_word in _UNIVERSAL and word in _COMPARATIVES:
            return value * 1.3  # "couldn't be happier", "never been worse"
        return value * (_NOT_PRAISE if value > 0 else _NOT_BLAME)

    def _negate(self, first: int, end: int, meaning: Meaning) -> None:
        opens_question = first == self.sentence and meaning.word.endswith("n't") and self._asked(end)
        if opens_question:  # "Isn't it lovely?"
            self.rhetorical = True
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
        self.weighs = True
        self.sentence_weight, self.scope = _AFTER_BUT, _OUTRIGHT
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

    def _resume(self, subject: str, number: int) -> None:
        """End a scope at a subject.

        As in "despite the rain we loved it" and "Everyone says it is awful; I love it".
        """
        scope = self.scope
        if scope.ends_at_comma:
            if len(self.opinions) > scope.known or number - scope.start > _LEAST_SCOPE:
                self._end_scope()
        elif scope.reported and subject in _WRITERS:
            self._end_scope()

    def _end_scope(self) -> None:
        if self.scope.concedes:  # "Although …," stands for "…, but"
            self.sentence_weight = _AFTER_BUT
        self.scope = _OUTRIGHT

    def _end(self, mark: str, number: int) -> None:
        if mark == "#":
            return
        self.negator = _NOWHERE
        self.boosters.clear()
        if self.scope.ends_at_comma:
            self._end_scope()
        if mark in ",()":
            return
        exclaims = "!" in mark and len(self.opinions) > self.sentence_opinions
        asks = ("?" in mark or "？" in mark) and not (self.rhetorical or exclaims)
        self.asks_at = number if asks else -1
        if asks:
            for opinion in self.opinions[self.sentence_opinions :]:
                opinion.asked = True
        self._begin_sentence(number + 1)

    def _begin_sentence(self, number: int) -> None:
        if self.buts:
            self._weaken_before_buts()
        self.sentence, self.sentence_opinions = number, len(self.opinions)
        self.sentence_weight, self.scope = 1.0, _OUTRIGHT
        self.rhetorical = False


def _following(nodes: Sequence[Node], word: str) -> Sequence[Node]:
    """Return the nodes that a word leads to.

    Those that name the word go first; "_" stands for any word.
    """
    if len(nodes) == 1:  # nearly always: no lists are built where nothing follows
        behind = nodes[0].next
        named, any_word = behind.get(word), behind.get("_") if word != "_" and word else None
        if named is None:
            return () if any_word is None else (any_word,)
        return (named,) if any_word is None else (named, any_word)
    named_ones = [found for node in nodes if (found := node.next.get(word)) is not None]
    if word == "_" or not word:
        return named_ones
    return named_ones + [found for node in nodes if (found := node.next.get("_")) is not None]
