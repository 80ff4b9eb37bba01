"""Deciding words of an explanation, placed in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opinionlens.classifiers.explanation import Explanation
from opinionlens.text.labels import LABELS, Label

# A word that weighs less than this share of the strongest one is background.
_FAINTEST = 0.12
# Words beside the text, on pages and in answers.
LISTED_WORDS = 8


@dataclass(frozen=True, slots=True)
class DecidingWord:
    """A part of the text that moved the prediction.

    `weight` is its effect: between NEGATIVE and POSITIVE, or from both towards NEUTRAL. `strength` is that
    weight relative to the strongest word of the text.
    """

    text: str
    start: int
    end: int
    toward: Label
    weight: float
    strength: float

    @property
    def level(self) -> int:
        """Strength of the mark: 1, 2 or 3."""
        return 3 if self.strength >= 0.66 else 2 if self.strength >= 0.33 else 1


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the text as shown, plain or marked."""

    text: str
    word: DecidingWord | None = None


@dataclass(frozen=True, slots=True)
class ListedWord:
    """A deciding word with its number of occurrences."""

    text: str
    toward: Label
    weight: float
    times: int
    share: float


def deciding_words(explanation: Explanation) -> list[DecidingWord]:
    """Return the words that moved the prediction, in text order."""
    found = [
        (token.text, token.start, token.end, *_direction(explanation.labels, token.values))
        for token in explanation.by_token()
    ]
    strongest = max((entry[-1] for entry in found), default=0.0)
    if strongest < 1e-9:
        return []
    words = (DecidingWord(*entry, strength=min(1.0, entry[-1] / strongest)) for entry in found)
    return [word for word in words if word.strength >= _FAINTEST]


def _direction(labels: Sequence[Label], values: Sequence[float]) -> tuple[Label, float]:
    """Return the class that a word supports, and how strongly.

    The greatest of the values would mislead: "awful" in a text of praise takes much from POSITIVE and nothing
    from the others, yet it does not speak for NEUTRAL.
    """
    given = dict(zip(labels, values, strict=True))
    mean = sum(values) / len(values)
    negative, neutral, positive = (given.get(label, mean) for label in LABELS)
    polarity = positive - negative
    calm = neutral - (positive + negative) / 2
    if calm > abs(polarity):
        return Label.NEUTRAL, calm
    return (Label.POSITIVE if polarity > 0 else Label.NEGATIVE), abs(polarity)


def stretches(text: str, words: Sequence[DecidingWord]) -> list[Segment]:
    """Return the text cut into plain and marked pieces.

    Joined they are the text again.
    """
    pieces: list[Segment] = []
    position = 0
    for word in words:
        if word.start < position:  # overlaps the one before; the text is shown once
            continue
        if word.start > position:
            pieces.append(Segment(text[position : word.start]))
        pieces.append(Segment(text[word.start : word.end], word))
        position = word.end
    if position < len(text):
        pieces.append(Segment(text[position:]))
    return pieces


def strongest_words(words: Sequence[DecidingWord], limit: int = LISTED_WORDS) -> list[ListedWord]:
    """Return at most `limit` words, the strongest first.

    A word that occurs several times is listed once, with its sum.
    """
    sums: dict[tuple[str, Label], list[DecidingWord]] = {}
    for word in words:
        sums.setdefault((word.text.casefold(), word.toward), []).append(word)
    totals = {key: sum(word.weight for word in group) for key, group in sums.items()}
    greatest = max(totals.values(), default=1.0)
    ranked = sorted(totals, key=lambda key: -totals[key])[:limit]
    return [
        ListedWord(sums[key][0].text, key[1], totals[key], len(sums[key]), totals[key] / greatest)
        for key in ranked
    ]
