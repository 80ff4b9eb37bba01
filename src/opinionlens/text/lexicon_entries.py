"""The lexicon's entry of a single piece, without context."""

from __future__ import annotations

import math
import re
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from opinionlens.text.memo import Memo
from opinionlens.text.negation import NEGATORS, ends_clause
from opinionlens.text.normalising import emoji, emoticon, word
from opinionlens.text.scanning import BARE_ADDRESSES, PieceKind, kind_of
from opinionlens.text.word_list import emoji_names, valences

# Strengths as VADER's authors measured them.
_BOOST = 0.293
_CAPITALS_BOOST = 0.733

_STRENGTHENING = """
absolutely amazingly awfully completely considerably decidedly deeply effing enormously entirely especially
exceptionally extremely fabulously flipping fricking frickin friggin frigging fuckin fucking fully greatly
hella highly hugely incredibly insanely intensely majorly more most particularly purely quite really
remarkably seriously so substantially super thoroughly too total totally tremendously truly uber unbelievably
unusually utterly very
"""
_WEAKENING = """
almost fairly kinda less little marginally occasionally partly slightly somewhat sorta
"""
BOOSTS = dict.fromkeys(_STRENGTHENING.split(), _BOOST) | dict.fromkeys(_WEAKENING.split(), -_BOOST)
# The list rates words, so an emoji counts by the words of its name; here are those whose names mislead or
# say nothing.
_EMOJI_VALENCES = {
    **dict.fromkeys("👍👌👏🙌💪💯🔥🎉✅", 1.9),
    **dict.fromkeys("😍🥰😘💖", 2.9),
    **dict.fromkeys("👎💔😡😠😤🙄😒💩", -1.9),
    **dict.fromkeys("🤬🖕🤮🤢", -2.9),
}
_CONTRASTING = ("but", "however", "although", "though")
_RUN = re.compile(r"(.)\1\1")
_RUNS = re.compile(r"(.)\1+")


class Feature(IntEnum):
    """The lexicon's features of a text.

    All but the last are sums over the square root of the number of words.
    """

    POSITIVE_VALENCE = 0  # of words, emoticons and emoji, after negation and intensifiers
    NEGATIVE_VALENCE = 1  # the same of negative ones, without its sign
    POSITIVE_WORDS = 2
    NEGATIVE_WORDS = 3
    CONTRAST = 4  # valence behind the last "but", positive less negative
    NEGATORS = 5
    INTENSIFIERS = 6
    CAPITALS = 7  # words in capital letters
    EXCLAMATION_MARKS = 8
    QUESTION_MARKS = 9
    ELONGATIONS = 10
    EMOTICONS = 11  # emoji too
    COMPOUND = 12  # positive less negative valence, squeezed into -1 to 1 as VADER does


# As plain numbers, because they are hot.
_POSITIVE_VALENCE, _NEGATIVE_VALENCE = Feature.POSITIVE_VALENCE.value, Feature.NEGATIVE_VALENCE.value
_POSITIVE_WORDS, _NEGATIVE_WORDS = Feature.POSITIVE_WORDS.value, Feature.NEGATIVE_WORDS.value
_COMPOUND = Feature.COMPOUND.value

Counts = tuple[tuple[int, float], ...]  # features and the amounts to add


class Entry(NamedTuple):
    """The effects of a piece in the lexicon.

    Attributes:
        valence: of a word, from -4 to 4; its context changes it.
        boost: added to the strength of the words behind it.
        negates: it turns the words behind it.
        ends_clause: nothing before it acts on the words behind it.
        contrasts: the words behind it count for more than those before.
        no_word: 1 where it does not count in the length of the text.
        counts: added to the features whatever the context.
    """

    valence: float = 0.0
    boost: float = 0.0
    negates: bool = False
    ends_clause: bool = False
    contrasts: bool = False
    no_word: int = 0
    counts: Counts = ()

    @property
    def in_context(self) -> bool:
        """Whether the piece depends on or changes its context."""
        return bool(self.valence or self.boost or self.negates or self.ends_clause or self.contrasts)


_IN_CAPITALS: Counts = ((Feature.CAPITALS.value, 1.0),)
_ELONGATED: Counts = ((Feature.ELONGATIONS.value, 1.0),)
_NO_WORD = Entry(no_word=1)
_MARKUP = Entry(ends_clause=True, no_word=1)
_NEGATOR = Entry(negates=True, counts=((Feature.NEGATORS.value, 1.0),))


def entry_of(piece: str) -> Entry | None:
    """Return the entry of `piece`, or None without effect."""
    if piece.isalpha():  # nearly always, so without asking further
        return _word_entry(piece, piece.lower())
    kind = kind_of(piece)
    if kind is PieceKind.WORD:
        return _word_entry(piece, word(piece))
    if kind is PieceKind.MARK:
        return _mark_entry(piece)
    if kind is PieceKind.EMOTICON:
        known = valences()
        valence = known.get(piece, known.get(emoticon(piece), 0.0))
        return _face_entry(valence)
    if kind is PieceKind.EMOJI:
        return _face_entry(_emoji_valence(piece))
    return _MARKUP if kind is PieceKind.MARKUP else _NO_WORD


def valence_counts(valence: float) -> Counts:
    """Return the counts for a piece of this valence."""
    if valence > 0:
        return (_POSITIVE_VALENCE, valence), (_POSITIVE_WORDS, 1.0), (_COMPOUND, valence)
    return (_NEGATIVE_VALENCE, -valence), (_NEGATIVE_WORDS, 1.0), (_COMPOUND, valence)


def _face_entry(valence: float) -> Entry:
    """Build the entry of an emoticon or emoji.

    No negator turns it: ":(" behind "not" is no smile.
    """
    seen = ((Feature.EMOTICONS.value, 1.0),)
    return Entry(no_word=1, counts=seen + valence_counts(valence) if valence else seen)


def _mark_entry(piece: str) -> Entry:
    exclamations = piece.count("!") + piece.count("！")
    questions = len(piece) - exclamations if piece[0] in "!?！？؟" else 0
    counts = (
        (Feature.EXCLAMATION_MARKS.value, float(exclamations)),
        (Feature.QUESTION_MARKS.value, float(questions)),
    )
    return Entry(
        ends_clause=ends_clause(piece, PieceKind.MARK),
        no_word=1,
        counts=tuple(count for count in counts if count[1]),
    )


def _word_entry(piece: str, lowered: str) -> Entry | None:
    entry = _words().get(lowered)
    if entry is None and lowered.endswith("n't"):
        entry = _NEGATOR
    capitals = piece.isupper() and len(piece) > 1
    elongated = _RUN.search(lowered) is not None and not lowered.isdigit()
    if not (capitals or elongated):
        return entry
    if entry is None and elongated:
        shorter = (_RUNS.sub(r"\1\1", lowered), _RUNS.sub(r"\1", lowered))
        entry = next((_words()[candidate] for candidate in shorter if candidate in _words()), None)
    return _emphasised(entry or Entry(), capitals=capitals, elongated=elongated)


def _emphasised(entry: Entry, *, capitals: bool, elongated: bool) -> Entry:
    counts = entry.counts + _IN_CAPITALS * capitals + _ELONGATED * elongated
    if not entry.valence:
        return entry._replace(counts=counts)
    emphasis = capitals * _CAPITALS_BOOST + elongated * _BOOST
    return entry._replace(valence=entry.valence + math.copysign(emphasis, entry.valence), counts=counts)


@cache
def _words() -> dict[str, Entry]:
    """Return the entries of all listed words, in lower case."""
    # "187" is slang for murder in the list, and a flight number in the world.
    entries = {name: Entry(valence) for name, valence in valences().items() if not name.isdigit()}
    # "Incredibly bad" is not praise, so an intensifier has no valence of its own.
    for name, boost in BOOSTS.items():
        entries[name] = Entry(boost=boost, counts=((Feature.INTENSIFIERS.value, 1.0),) if boost > 0 else ())
    for name in NEGATORS:
        entries[name] = entries.get(name, Entry())._replace(negates=True, counts=_NEGATOR.counts)
    for name in BARE_ADDRESSES:
        entries[name] = _NO_WORD
    for name in _CONTRASTING:
        entries[name] = Entry(contrasts=True)
    return entries


def _emoji_valence(piece: str) -> float:
    plain = emoji(piece)
    if plain in _EMOJI_VALENCES:
        return _EMOJI_VALENCES[plain]
    name = emoji_names().get(piece) or emoji_names().get(plain, "")
    return sum(valences().get(part, 0.0) for part in name.split())


def _entry_in_context(piece: str) -> Entry | None:
    entry = ENTRIES[piece]
    return entry if entry is not None and entry.in_context else None


ENTRIES: Memo[Entry | None] = Memo(entry_of)
IN_CONTEXT: Memo[Entry | None] = Memo(_entry_in_context)  # without those that stand for themselves
