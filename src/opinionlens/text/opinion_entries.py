"""The meaning of single pieces for a text's opinions.

It is a valence, a negation, a scope, or the start of a phrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from opinionlens.text.frequencies import general_frequency
from opinionlens.text.lexicon_entries import BOOSTS, ENTRIES, Feature
from opinionlens.text.memo import Memo
from opinionlens.text.misspellings import Misspellings
from opinionlens.text.negation import NEGATORS
from opinionlens.text.normalising import emoji, emoticon, word
from opinionlens.text.scanning import PieceKind, kind_of
from opinionlens.text.word_list import valences

_LISTS = Path(__file__).parent / "lexicons"
_EFFECTS = ("not", "more", "less", "none", "but", "although", "if", "said", "ask")
_FROM_ZERO = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS: dict[str, float] = {name: value for value, name in enumerate(_FROM_ZERO)} | {
    "no": 0,
    "half": 0.5,
    "single": 1,
}
SUBJECTS = frozenset(("i", "we", "they", "he", "she", "it", "you"))


class Sense(NamedTuple):
    """The effect of a word or phrase.

    Attributes:
        valence: from -4 to 4.
        effect: one of the effects of `phrases.txt`, or "" for a valence alone.
        fixed: whether negators and intensifiers before it leave it as it is.
        inferred: whether the valence comes from word vectors and not from people.
    """

    valence: float = 0.0
    effect: str = ""
    fixed: bool = False
    inferred: bool = False


@dataclass(slots=True)
class Node:
    """A node in the tree of phrases."""

    sense: Sense | None = None
    next: dict[str, Node] = field(default_factory=dict)


class Meaning(NamedTuple):
    """A piece as the pass over a text sees it."""

    word: str
    sense: Sense | None = None
    starts: Node | None = None
    mark: str = ""  # of punctuation: itself
    face: float = 0.0  # valence of an emoticon or emoji
    strength: float = 1.0  # capitals and elongation


def meaning_of(piece: str) -> Meaning | None:
    """Return the meaning of `piece`.

    None for a word that has none and occurs in no phrase.
    """
    kind = kind_of(piece)
    if kind is PieceKind.MARK:
        return Meaning("", mark=piece)
    if kind is PieceKind.MARKUP:
        return Meaning("", mark=".")
    if kind in (PieceKind.EMOTICON, PieceKind.EMOJI):
        face = _face(piece, kind)
        return Meaning("", face=face) if face else None
    if kind is not PieceKind.WORD:
        return None
    lowered = word(piece)
    sense, starts = _sense_of(lowered), phrases().next.get(lowered)
    if lowered.isdigit() and len(lowered) < 4:
        return Meaning(lowered, _RATING)
    strength = 1.0
    if sense is None and (shorter := _shortened(lowered)) is not None:
        sense, strength = words()[shorter], 1.2
    if piece.isupper() and len(piece) > 1:
        strength *= 1.25
    if sense is None and starts is None and lowered not in _inner_words():
        meant = None if general_frequency(lowered) else _misspellings().meant(lowered)
        if meant is None:
            return None
        sense = words()[meant]
    return Meaning(lowered, sense, starts if starts and starts.next else None, strength=strength)


_NEGATOR = Sense(effect="not")
_CLEAR = 1.0
_RATING = Sense(effect="rating")
_RATING_WORDS = ("star", "stars", "five", "ten")  # as the end of a rating; digits are handled in `meaning_of`
_RUN = re.compile(r"(.)\1\1")
_RUNS = re.compile(r"(.)\1+")


def _sense_of(lowered: str) -> Sense | None:
    found = words().get(lowered)
    return _NEGATOR if found is None and lowered.endswith("n't") else found


def _shortened(lowered: str) -> str | None:
    if not _RUN.search(lowered) or lowered.isdigit():
        return None
    shorter = (_RUNS.sub(r"\1\1", lowered), _RUNS.sub(r"\1", lowered))
    return next((candidate for candidate in shorter if candidate in words()), None)


def _face(piece: str, kind: PieceKind) -> float:
    if kind is PieceKind.EMOTICON:
        return valences().get(piece, valences().get(emoticon(piece), 0.0))
    plain = emoji(piece)
    if plain in faces():
        return faces()[plain]
    entry = ENTRIES[piece]
    return sum(amount for feature, amount in entry.counts if feature == Feature.COMPOUND) if entry else 0.0


@cache
def words() -> Mapping[str, Sense]:
    """Return the sense of every single word.

    Our own list overrides the ratings of VADER's.
    """
    senses = {name: Sense(value) for name, value in valences().items() if not name.isdigit()}
    for line in _lines("words.tsv"):
        name, value, source = line.split("\t")
        inferred = source == "vectors"
        senses.setdefault(name, Sense(float(value), inferred=inferred))
    for name in NEGATORS:
        senses[name] = _NEGATOR
    for name, boost in BOOSTS.items():
        senses[name] = Sense(effect="more" if boost > 0 else "less")
    for pattern, sense in _senses():
        if len(pattern) == 1:
            senses[pattern[0]] = sense
    return senses | dict.fromkeys(_RATING_WORDS, _RATING)


@cache
def _misspellings() -> Misspellings:
    """Index the words with clear ratings.

    A slip in any other word changes no opinion.
    """
    return Misspellings(
        name
        for name, sense in words().items()
        if not sense.effect and not sense.inferred and abs(sense.valence) >= _CLEAR
    )


@cache
def phrases() -> Node:
    """Return the tree of all phrases of several words."""
    root = Node()
    for pattern, sense in _senses():
        if len(pattern) > 1:
            node = root
            for part in pattern:
                node = node.next.setdefault(part, Node())
            node.sense = sense
    return root


@cache
def faces() -> Mapping[str, float]:
    """Return valences for emoji with misleading or empty names."""
    rows = (line.split("\t") for line in _lines("emoji.tsv"))
    return {sign: float(value) for value, signs in rows for sign in signs.split()}


@cache
def _inner_words() -> frozenset[str]:
    inner = {part for pattern, _ in _senses() if len(pattern) > 1 for part in pattern}
    return frozenset(inner | set(NUMBERS) | {"out", "of"} | SUBJECTS)


@cache
def _senses() -> tuple[tuple[tuple[str, ...], Sense], ...]:
    found: list[tuple[tuple[str, ...], Sense]] = []
    for line in _lines("phrases.txt"):
        effect, patterns = line.split(": ", 1)
        sense = _sense(effect)
        found += [(words, sense) for pattern in patterns.split(", ") for words in _spelled(pattern)]
    return tuple(found)


def _sense(effect: str) -> Sense:
    if effect in _EFFECTS:
        return Sense(effect=effect)
    return Sense(float(effect.removeprefix("=")), fixed=effect.startswith("="))


def _spelled(pattern: str) -> Iterator[tuple[str, ...]]:
    """Expand a pattern of `phrases.txt` to its sequences of words."""
    choices = [
        [*part.strip("()").split("|"), *([""] if part.startswith("(") else [])]
        for part in pattern.strip().split(" ")
    ]
    for chosen in product(*choices):
        yield tuple(" ".join(chosen).replace("-", " ").split())


def _lines(name: str) -> list[str]:
    lines = (_LISTS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


MEANINGS: Memo[Meaning | None] = Memo(meaning_of)
