"""The meaning of single pieces for a text's opinions.

It is a valence, a negation, a scope, or the start of a phrase.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from opinionlens.text.frequencies import general_frequency
from opinionlens.text.lexicon_entries import BOOSTS, ENTRIES, Feature
from opinionlens.text.memo import Memo
from opinionlens.text.misspellings import Misspellings
from opinionlens.text.negation import NEGATORS
from opinionlens.text.normalising import emoji, emoticon, word
from opinionlens.text.phrase_tree import (
    Node,
    Pattern,
    PatternReader,
    PhraseTree,
    Sense,
    single_words,
    words_of,
)
from opinionlens.text.scanning import PieceKind, kind_of
from opinionlens.text.word_list import valences

_LISTS = Path(__file__).parent / "lexicons"
# What an earlier list says of a phrase holds.
PHRASE_LISTS = (
    "phrases.txt",
    "constructions.txt",
    "turns.txt",
    "events.txt",
    "idioms.txt",
    "opinion_words.txt",
)
_EFFECTS = ("not", "more", "less", "none", "but", "although", "if", "said", "agree", "disagree", "ask")
_FROM_ZERO = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS: dict[str, float] = {name: value for value, name in enumerate(_FROM_ZERO)} | {
    "no": 0,
    "half": 0.5,
    "single": 1,
}
STARS = ("★", "☆")  # full and empty
# Words without a valence that rules of `sarcasm` look for.
OPENED = frozenset(("idea", "job", "work", "news", "timing", "move", "start", "stuff", "one"))
AGAIN = frozenset(("another", "yet"))
THAN = frozenset(("than", "this", "these", "theirs", "yours", "that", "your", "their"))
LOVED = frozenset(("how", "when", "being", "that", "waiting"))
SUBJECTS = frozenset(("i", "we", "they", "he", "she", "it", "you"))


class Meaning(NamedTuple):
    """A piece as the pass over a text sees it."""

    word: str
    sense: Sense | None = None
    starts: Node | None = None
    mark: str = ""  # of punctuation: itself
    face: float = 0.0  # valence of an emoticon or emoji
    strength: float = 1.0  # capitals and elongation


def word_at(meanings: Sequence[Meaning | None], number: int) -> str:
    """Return the word of a piece, "" for none."""
    meaning = meanings[number] if 0 <= number < len(meanings) else None
    return "" if meaning is None else meaning.word


def meaning_of(piece: str) -> Meaning | None:
    """Return the meaning of `piece`.

    None for a word that has none and occurs in no phrase.
    """
    kind = kind_of(piece)
    return _meaning_of_word(piece) if kind is PieceKind.WORD else _meaning_of_sign(piece, kind)


def _meaning_of_sign(piece: str, kind: PieceKind) -> Meaning | None:
    if kind is PieceKind.MARK:
        return Meaning("", mark=piece)
    if kind is PieceKind.MARKUP:
        return Meaning("", mark=".")
    if piece in STARS:
        return Meaning(piece, _RATING)
    face = _face(piece, kind)
    return Meaning("", face=face) if face else None


def _meaning_of_word(piece: str) -> Meaning | None:
    lowered = word(piece)
    sense, starts = _sense_of(lowered), phrases().starts(lowered)
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
        rated = valences()
        return faces().get(piece, rated.get(piece, rated.get(emoticon(piece), 0.0)))
    if kind is not PieceKind.EMOJI:
        return 0.0
    plain = emoji(piece)
    if plain in faces():
        return faces()[plain]
    entry = ENTRIES[piece]
    return sum(amount for feature, amount in entry.counts if feature == Feature.COMPOUND) if entry else 0.0


@cache
def words() -> Mapping[str, Sense]:
    """Return the sense of every single word.

    Our own lists override the ratings of VADER's.
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
    own: dict[str, Sense] = {}
    for pattern, sense in _patterns():
        for name in single_words(pattern):
            own.setdefault(name, sense)
    return senses | own | dict.fromkeys(_RATING_WORDS, _RATING)


@cache
def _misspellings() -> Misspellings:
    """Index the words with clear ratings.

    A slip in any other word changes no opinion. Of our own lists only what VADER has, too: the rarer a word,
    the more often another rare word is one slip away ("resend", "cobbles").
    """
    return Misspellings(
        name
        for name, sense in words().items()
        if not sense.effect and name in valences() and abs(sense.valence) >= _CLEAR
    )


@cache
def phrases() -> PhraseTree:
    """Return the tree of all phrases."""
    return PhraseTree(_patterns())


@cache
def faces() -> Mapping[str, float]:
    """Return valences for emoji with misleading names, and emoticons."""
    rows = (line.split("\t") for line in _lines("emoji.tsv"))
    return {sign: float(value) for value, signs in rows for sign in signs.split()}


@cache
def _inner_words() -> frozenset[str]:
    inner = {part for pattern, _ in _patterns() for part in words_of(pattern)}
    return frozenset(inner | set(NUMBERS) | {"out", "of", "a"} | SUBJECTS | OPENED | AGAIN | LOVED | THAN)


@cache
def _patterns() -> tuple[tuple[Pattern, Sense], ...]:
    found: list[tuple[Pattern, Sense]] = []
    for name in PHRASE_LISTS:
        reader = PatternReader()
        for line in _lines(name):
            effect, patterns = line.split(": ", 1)
            if effect.startswith("@"):
                reader.name(effect, patterns)
                continue
            sense = _sense(effect)
            found += [(reader.read(pattern), sense) for pattern in patterns.split(", ")]
    return tuple(found)


def _sense(effect: str) -> Sense:
    if effect in _EFFECTS:
        return Sense(effect=effect)
    return Sense(float(effect.removeprefix("=")), fixed=effect.startswith("="))


def _lines(name: str) -> list[str]:
    lines = (_LISTS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


MEANINGS: Memo[Meaning | None] = Memo(meaning_of)
