"""What a single piece means to the lexicon, whatever stands around it."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import NamedTuple

from opinionlens.text.memo import Memo
from opinionlens.text.negation import NEGATORS, ends_clause
from opinionlens.text.normalising import emoji, emoticon, word
from opinionlens.text.scanning import BARE_ADDRESSES, Kind, kind_of
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
almost barely fairly hardly kinda less little marginally occasionally partly scarcely slightly somewhat sorta
"""
_BOOSTS = dict.fromkeys(_STRENGTHENING.split(), _BOOST) | dict.fromkeys(_WEAKENING.split(), -_BOOST)
_CONTRASTING = ("but", "however", "although", "though")
_RUN = re.compile(r"(.)\1\1")
_RUNS = re.compile(r"(.)\1+")

NEGATORS_COLUMN, INTENSIFIERS, CAPITALS, EXCLAMATION_MARKS, QUESTION_MARKS, ELONGATIONS, EMOTICONS = range(
    5, 12
)


class Entry(NamedTuple):
    """What a piece means.

    Attributes:
        valence: from -4 to 4.
        boost: what it adds to the strength of the words behind it.
        negates: it turns the words behind it.
        ends_clause: nothing before it acts on what is behind it.
        contrasts: what is behind it counts for more than what is before.
        no_word: 1 where it does not count in the length of the text.
        counts: column and amount of the features that merely count.
    """

    valence: float = 0.0
    boost: float = 0.0
    negates: bool = False
    ends_clause: bool = False
    contrasts: bool = False
    no_word: int = 0
    counts: tuple[tuple[int, float], ...] = ()


_NEGATOR = Entry(negates=True, counts=((NEGATORS_COLUMN, 1.0),))


def entry_of(piece: str) -> Entry | None:
    """The entry of `piece`; None for the many words that mean nothing to the lexicon."""
    if piece.isalpha():  # nearly always, so without asking further
        return _word_entry(piece, piece.lower())
    kind = kind_of(piece)
    if kind is Kind.WORD:
        return _word_entry(piece, word(piece))
    if kind is Kind.MARK:
        return _mark_entry(piece)
    if kind is Kind.EMOTICON:
        known = valences()
        valence = known.get(piece, known.get(emoticon(piece), 0.0))
        return Entry(valence, no_word=1, counts=((EMOTICONS, 1.0),))
    if kind is Kind.EMOJI:
        return Entry(_emoji_valence(piece), no_word=1, counts=((EMOTICONS, 1.0),))
    return Entry(ends_clause=ends_clause(piece, kind), no_word=1)


def _mark_entry(piece: str) -> Entry:
    exclamations = piece.count("!") + piece.count("！")
    questions = len(piece) - exclamations if piece[0] in "!?！？؟" else 0
    counts = ((EXCLAMATION_MARKS, float(exclamations)), (QUESTION_MARKS, float(questions)))
    return Entry(
        ends_clause=ends_clause(piece, Kind.MARK),
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
    counts = entry.counts + ((CAPITALS, 1.0),) * capitals + ((ELONGATIONS, 1.0),) * elongated
    if not entry.valence:
        return entry._replace(counts=counts)
    emphasis = capitals * _CAPITALS_BOOST + elongated * _BOOST
    return entry._replace(valence=entry.valence + math.copysign(emphasis, entry.valence), counts=counts)


@cache
def _words() -> dict[str, Entry]:
    """The entry of every word that means something, in lower case."""
    entries = {name: Entry(valence) for name, valence in valences().items()}
    for (
        name,
        boost,
    ) in _BOOSTS.items():  # "incredibly bad" is not praise: an intensifier has no valence of its own
        entries[name] = Entry(boost=boost, counts=((INTENSIFIERS, 1.0),) if boost > 0 else ())
    for name in NEGATORS:
        entries[name] = entries.get(name, Entry())._replace(negates=True, counts=_NEGATOR.counts)
    for name in BARE_ADDRESSES:
        entries[name] = Entry(no_word=1)
    for name in _CONTRASTING:
        entries[name] = Entry(contrasts=True)
    return entries


def _emoji_valence(piece: str) -> float:
    names, known = emoji_names(), valences()
    name = names.get(piece) or names.get(emoji(piece), "")
    return sum(known.get(part, 0.0) for part in name.split())


ENTRIES: Memo[Entry | None] = Memo(entry_of)
