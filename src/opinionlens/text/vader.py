"""VADER's compound, computed in one pass over the words.

It equals the package's own figure; the package (MIT) is never imported, for its scorer takes one pass for
each word: 80 µs on a tweet and 4 ms on a review. Its rules are followed to the letter, the odd ones too,
because published results depend on them: words are separated by spaces, a "but" changes the *first* word that
has the valence at hand, and a negator that is itself in the list negates nothing.
"""

from __future__ import annotations

import math
import re
import string
import sys
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from opinionlens.text.memo import Memo
from opinionlens.text.word_list import emoji_names, valences

# The constants and lists of vaderSentiment 3.3.2.
_BOOST, _CAPITALS, _TURN, _NEVER_SO, _ALPHA = 0.293, 0.733, -0.74, 1.25, 15.0
_MARK_STRENGTHS = (0.292, 0.18, 0.96)  # an exclamation mark, a question mark, more than three of them
_NEGATING = """
aint arent cannot cant couldnt darent didnt doesnt ain't aren't can't couldn't daren't didn't doesn't dont
hadnt hasnt havent isnt mightnt mustnt neither don't hadn't hasn't haven't isn't mightn't mustn't neednt
needn't never none nope nor not nothing nowhere oughtnt shant shouldnt uhuh wasnt werent oughtn't shan't
shouldn't uh-uh wasn't weren't without wont wouldnt won't wouldn't rarely seldom despite
"""
_STRONGER = """
absolutely amazingly awfully completely considerable considerably decidedly deeply effing enormous
enormously entirely especially exceptional exceptionally extreme extremely fabulously flipping flippin
frackin fracking fricking frickin frigging friggin fully fuckin fucking fuggin fugging greatly hella highly
hugely incredible incredibly intensely major majorly more most particularly purely quite really remarkably
so substantially thoroughly total totally tremendous tremendously uber unbelievably unusually utter utterly
very
"""
_WEAKER = """
almost barely hardly kinda kindof kind-of less little marginal marginally occasional occasionally partly
scarce scarcely slight slightly somewhat sorta sortof sort-of
"""
_NEGATORS = frozenset(_NEGATING.split())
_BOOSTERS = dict.fromkeys(_STRONGER.split(), _BOOST) | dict.fromkeys(_WEAKER.split(), -_BOOST)
_BOOSTER_PAIRS = frozenset(("just enough", "kind of", "sort of"))  # all weaken
_PHRASES = {
    "the shit": 3.0,
    "the bomb": 3.0,
    "bad ass": 1.5,
    "badass": 1.5,
    "bus stop": 0.0,
    "yeah right": -2.0,
    "kiss of death": -1.5,
    "to die for": 3.0,
    "beating heart": 3.5,
}
_FADING = (1.0, 0.95, 0.9)  # for a word one, two, three places before
_REACH = len(_FADING)


# Every phrase and pair has one of these words, and hardly any other text has.
_OF_PHRASES = frozenset(("shit", "bomb", "ass", "badass", "stop", "right", "kiss", "die", "heart"))
_OF_PAIRS = frozenset(("enough", "kind", "sort"))
_TURNING = frozenset(("no", "least", "this"))


class _Word(NamedTuple):
    lowered: str
    valence: float | None  # None for a word that is not in the list
    boost: float
    negates: bool
    in_capitals: bool
    acts: bool  # whether it may change the valence of a word near it


class VaderPart(NamedTuple):
    """A segment's contribution to the compound."""

    start: int
    end: int
    value: float


def compound(text: str, most_words: int = sys.maxsize) -> float:
    """Return the package's `compound`, unrounded, from -1 to 1.

    Words behind the first `most_words` do not count, except for their marks.
    """
    plain = _plain(text, most_words)
    words = plain.split() if most_words == sys.maxsize else plain.split(None, most_words)[:most_words]
    if (total := sum(value for _, value in _valences(words))) == 0:
        return 0.0
    total += math.copysign(_emphasis(plain), total)
    return total / math.sqrt(total * total + _ALPHA)


def compound_parts(text: str, most_words: int = sys.maxsize) -> list[VaderPart]:
    """Return the contributions of words and marks to `compound`."""
    words = _placed_words(text, most_words)
    found = _valences([word for word, _, _ in words])
    total = sum(value for _, value in found)
    if total == 0:
        return []
    emphasis = math.copysign(_emphasis(_plain(text, most_words)), total)
    squeeze = 1.0 / math.sqrt((total + emphasis) ** 2 + _ALPHA)
    parts = [VaderPart(words[at][1], words[at][2], value * squeeze) for at, value in found if value]
    marks = [match.start() for match in re.finditer("[!?]", text)] if emphasis else []
    return parts + [VaderPart(at, at + 1, emphasis * squeeze / len(marks)) for at in marks]


def _valences(tokens: Sequence[str]) -> list[tuple[int, float]]:
    """Return position and valence of listed words, before emphasis."""
    words = list(map(_WORDS.__getitem__, tokens))
    found = [at for at, word in enumerate(words) if word[1] is not None]
    if not found:
        return []
    acting = bytes(map(itemgetter(5), words))
    mixed = None
    values: list[tuple[int, float]] = []
    for at in found:
        if words[at].boost or (words[at].lowered == "kind" and _word_at(words, at + 1) == "of"):
            continue
        if mixed is None:
            capitals = sum(word[4] for word in words)
            mixed = 0 < capitals < len(words)
        if 1 in acting[max(at - _REACH, 0) : at + _REACH]:
            values.append((at, _valence(words, at, mixed)))
        else:
            values.append((at, _valence_alone(words[at], mixed)))
    if values and "but" in map(itemgetter(0), words):
        return _after_but(values, next(at for at, word in enumerate(words) if word[0] == "but"))
    return values


def _valence_alone(word: _Word, mixed: bool) -> float:
    """Return the valence of a listed word without context."""
    valence = word.valence or 0.0
    if word.in_capitals and mixed:
        valence += _CAPITALS if valence > 0 else -_CAPITALS
    return valence


def _valence(words: Sequence[_Word], at: int, mixed: bool) -> float:
    """Return the valence of a listed word in its context."""
    word = words[at]
    own = word.valence or 0.0
    valence = own
    if word.lowered == "no" and at + 1 < len(words) and words[at + 1].valence is not None:
        valence = 0.0
    if _after_no(words, at):
        valence = own * _TURN
    if word.in_capitals and mixed:
        valence += _CAPITALS if valence > 0 else -_CAPITALS
    for distance in range(1, min(at, _REACH) + 1):
        before = words[at - distance]
        if before.valence is not None:
            continue
        if before.boost:
            valence += _boost_of(before, valence, mixed) * _FADING[distance - 1]
        valence = _after_negator(valence, words, at, distance)
        if distance == _REACH:
            valence = _after_phrases(valence, words, at)
    if _word_at(words, at - 1) == "least" and _word_at(words, at - 2) not in ("at", "very"):
        valence *= _TURN
    return valence


def _after_no(words: Sequence[_Word], at: int) -> bool:
    return (
        (at > 0 and words[at - 1].lowered == "no")
        or (at > 1 and words[at - 2].lowered == "no")
        or (at > 2 and words[at - 3].lowered == "no" and words[at - 1].lowered in ("or", "nor"))
    )


def _boost_of(booster: _Word, valence: float, mixed: bool) -> float:
    strength = -booster.boost if valence < 0 else booster.boost
    if booster.in_capitals and mixed:
        strength += _CAPITALS if valence > 0 else -_CAPITALS
    return strength


def _after_negator(valence: float, words: Sequence[_Word], at: int, distance: int) -> float:
    """Apply a negator `distance` words before, if there is one."""
    before, last = words[at - distance], words[at - 1].lowered
    if distance == 2:
        if before.lowered == "never" and last in ("so", "this"):
            return valence * _NEVER_SO
        if before.lowered == "without" and last == "doubt":
            return valence
    if distance == 3:
        second = words[at - 2].lowered
        if (before.lowered == "never" and second in ("so", "this")) or last in ("so", "this"):
            return valence * _NEVER_SO
        if before.lowered == "without" and "doubt" in (second, last):
            return valence
    return valence * _TURN if before.negates else valence


def _after_phrases(valence: float, words: Sequence[_Word], at: int) -> float:
    third, second, first, own = (words[place].lowered for place in range(at - 3, at + 1))
    two, three = f"{second} {first}", f"{third} {second} {first}"
    for phrase in (f"{first} {own}", f"{second} {first} {own}", two, three, f"{third} {second}"):
        if phrase in _PHRASES:
            valence = _PHRASES[phrase]
            break
    following, behind = _word_at(words, at + 1), _word_at(words, at + 2)
    valence = _PHRASES.get(f"{own} {following}", valence) if following else valence
    valence = _PHRASES.get(f"{own} {following} {behind}", valence) if behind else valence
    return valence - _BOOST * sum(pair in _BOOSTER_PAIRS for pair in (f"{third} {second}", two))


def _after_but(values: list[tuple[int, float]], but: int) -> list[tuple[int, float]]:
    """Weaken the words before "but" and strengthen those behind.

    Of equal valences the first is changed.
    """
    places = [at for at, _ in values]
    now = [value for _, value in values]
    having: dict[float, list[int]] = {}
    for number, value in enumerate(now):
        having.setdefault(value, []).append(number)
    for heap in having.values():
        heapify(heap)
    for number in range(len(now)):
        value = now[number]
        heap = having[value]
        while now[heap[0]] != value:
            heappop(heap)
        first = heap[0]
        if value == 0 or places[first] == but:
            continue
        now[first] = value * (0.5 if places[first] < but else 1.5)
        heappop(heap)
        heappush(having.setdefault(now[first], []), first)
    return list(zip(places, now, strict=True))


def _emphasis(text: str) -> float:
    exclamations, questions = min(text.count("!"), 4), text.count("?")
    one, asked, many = _MARK_STRENGTHS
    return exclamations * one + (0.0 if questions < 2 else questions * asked if questions <= 3 else many)


def _word_at(words: Sequence[_Word], at: int) -> str:
    return words[at].lowered if 0 <= at < len(words) else ""


def _word(token: str) -> _Word:
    stripped = token.strip(string.punctuation)
    kept = token if len(stripped) <= 2 else stripped
    lowered = kept.lower()
    boost = _BOOSTERS.get(lowered, 0.0)
    negates = lowered in _NEGATORS or "n't" in lowered
    acts = bool(boost) or negates or lowered in _TURNING or lowered in _OF_PHRASES or lowered in _OF_PAIRS
    return _Word(lowered, valences().get(lowered), boost, negates, kept.isupper(), acts)


_WORDS: Memo[_Word] = Memo(_word)


def _plain(text: str, most: int) -> str:
    """Return the text with names for its first emoji."""
    if text.isascii():
        return text
    if emoji_names().keys().isdisjoint(text):
        return text.strip()
    return "".join(piece for piece, _, _ in _emoji_pieces(text, most)).strip()


def _emoji_pieces(text: str, most: int) -> list[tuple[str, int, int]]:
    """Cut the text at its emoji, naming the first ones.

    Every piece has its place in the text.
    """
    pieces: list[tuple[str, int, int]] = []
    end, spaced = 0, True
    names = emoji_names()
    # The package looks at one code point at a time.
    for at in islice((at for at, char in enumerate(text) if char in names), most):
        if at > end:
            pieces.append((text[end:at], end, at))
            spaced = text[at - 1] == " "
        pieces.append((("" if spaced else " ") + names[text[at]], at, at + 1))
        end, spaced = at + 1, False
    pieces.append((text[end:], end, len(text)))
    return pieces


def _placed_words(text: str, most: int) -> list[tuple[str, int, int]]:
    """Split at spaces, each word with its original place."""
    pieces = _emoji_pieces(text, most)
    joined = "".join(piece for piece, _, _ in pieces)
    ends, at = [], 0
    for piece, _, _ in pieces:
        at += len(piece)
        ends.append(at)

    words: list[tuple[str, int, int]] = []
    number = 0
    for match in islice(re.finditer(r"\S+", joined), most):
        while ends[number] <= match.start():
            number += 1
        last = number
        while ends[last] < match.end():
            last += 1
        words.append((match[0], *_place(pieces, ends, number, last, match.span())))
    return words


def _place(
    pieces: Sequence[tuple[str, int, int]], ends: Sequence[int], first: int, last: int, span: tuple[int, int]
) -> tuple[int, int]:
    """Map a segment of the expanded text to the original."""

    def original(number: int, at: int, *, is_end: bool) -> int:
        piece, start, end = pieces[number]
        offset = at - (ends[number] - len(piece))
        if end - start == len(piece):
            return start + offset
        return end if is_end else start

    return original(first, span[0], is_end=False), original(last, span[1], is_end=True)
