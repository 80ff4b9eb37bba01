"""Features that hold for texts of any kind.

They do not depend on the training texts: VADER's compound, the sum of the opinions that `opinions` reads in
the text, and its manner: whether it asks, requests or sees both sides. Each value is a sum of parts with a
place, so an explanation is exact.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from opinionlens.text.aligned import Aligned
from opinionlens.text.opinion import Opinion
from opinionlens.text.opinions import FoundOpinions, read_opinions
from opinionlens.text.scanning import APOSTROPHES, Piece
from opinionlens.text.typography import plain_forms, plain_forms_aligned
from opinionlens.text.vader import compound, compound_parts

OPINION_FEATURES: tuple[str, ...] = (
    "opinion",  # sum of all opinions, squeezed into -1 to 1 as VADER does
    "opinion_strength",
    "asks",  # 1 if the last sentence is a question
    "asked",  # the opinions inside questions, squeezed
    "asked_strength",
    "requests",  # 1 if something is asked for
    "inferred",  # words whose valence is only inferred, squeezed; in no other sum
    "mixed",  # the smaller of praise and blame, squeezed
)
GENERAL_FEATURES: tuple[str, ...] = (
    "vader_compound",
    "vader_strength",  # the same without its sign
    *OPINION_FEATURES,
)

_SQUEEZE = 15.0
_BALANCED = 0.7  # share of the stronger side that the weaker has at least
# Each sign becomes one sign, so that places stay.
_STRAIGHT = str.maketrans(dict.fromkeys((sign for sign in APOSTROPHES if not sign.isascii()), "'"))
# What follows is not read: an emoji stands for up to ten words, and thousands would cost as much as a book.
MOST_WORDS = 2_500
# Marks that prose hardly uses: brackets of code and markup, assignments, calls.
_CODE = re.compile(r"[{}<>=|\\]|\w\(\w|\w\(\)")
_LEAST_CODE, _CODE_A_WORD = 3, 0.22
_ANY_CODE = re.compile(r"[{}<>=|\\(]")  # without one of these, the marks need not be counted


class GeneralPart(NamedTuple):
    """A segment's contribution to one feature.

    `start` and `end` are places in the original text.
    """

    feature: str
    start: int
    end: int
    value: float


def is_prose(text: str, pieces: Sequence[str]) -> bool:
    """Return whether `text` is prose and neither code nor data."""
    if _ANY_CODE.search(text) is None:
        return True
    marks = len(_CODE.findall(text))
    return marks < _LEAST_CODE or marks <= _CODE_A_WORD * len(pieces)


def general_values(text: str, pieces: Sequence[str]) -> list[float]:
    """Return the value of each of `GENERAL_FEATURES`.

    Args:
        text: the text.
        pieces: its pieces, as `scan` gives them.
    """
    vader = compound(_plain(text), MOST_WORDS)
    reading = read_opinions(pieces[:MOST_WORDS])
    values, balanced = _summed(reading)
    vader *= 0.0 if balanced else reading.own_share
    return [vader, abs(vader), *values]


def opinion_values(pieces: Sequence[str]) -> list[float]:
    """Return the value of each of `OPINION_FEATURES`.

    They are the last of `general_values`, for three quarters of the time.
    """
    return _summed(read_opinions(pieces[:MOST_WORDS]))[0]


def _summed(reading: FoundOpinions) -> tuple[list[float], bool]:
    """Return the opinion values, and whether praise and blame balance."""
    if not reading.opinions:
        return [0.0, 0.0, float(reading.asks), 0.0, 0.0, float(reading.requests), 0.0, 0.0], False
    total = asked = blame = inferred = 0.0
    for opinion in reading.opinions:
        if opinion.inferred:
            inferred += opinion.value
            continue
        total += opinion.value
        if opinion.asked:
            asked += opinion.value
        if opinion.value < 0:
            blame -= opinion.value
    stated, inside = total * _squeeze_factor(total), asked * _squeeze_factor(asked)
    balanced = _is_balanced(reading, total, blame)
    weaker = 0.0 if balanced else min(blame, total + blame)
    values = [
        stated,
        abs(stated),
        float(reading.asks),
        inside,
        abs(inside),
        float(reading.requests),
        inferred * _squeeze_factor(inferred),
        weaker * _squeeze_factor(weaker),
    ]
    return values, balanced


def general_parts(text: str, pieces: Sequence[Piece]) -> list[GeneralPart]:
    """Return the contributions of each segment to the features.

    For every feature the parts sum to its value.
    """
    reading = read_opinions([piece.text for piece in pieces[:MOST_WORDS]])
    plain = plain_forms_aligned(Aligned.of(text))
    found = compound_parts(plain.text.translate(_STRAIGHT), MOST_WORDS)
    rated = [opinion for opinion in reading.opinions if not opinion.inferred]
    balanced = _is_balanced(
        reading, sum(one.value for one in rated), -sum(one.value for one in rated if one.value < 0)
    )
    weight = 0.0 if balanced else reading.own_share
    vader = [(*plain.place(part.start, part.end), part.value * weight) for part in found]
    stated = _with_places(rated, pieces)
    asked = _with_places([opinion for opinion in rated if opinion.asked], pieces)
    inferred = _with_places([opinion for opinion in reading.opinions if opinion.inferred], pieces)
    factor = _squeeze_factor(sum(value for *_, value in inferred))
    return [
        *_squeezed_parts("vader_compound", "vader_strength", vader, 1.0),
        *_squeezed_parts(
            "opinion", "opinion_strength", stated, _squeeze_factor(sum(value for *_, value in stated))
        ),
        *_squeezed_parts(
            "asked", "asked_strength", asked, _squeeze_factor(sum(value for *_, value in asked))
        ),
        *(GeneralPart("inferred", start, end, value * factor) for start, end, value in inferred),
        *([] if balanced else _mixed_parts(stated)),
        *_manner_parts(reading, pieces),
    ]


def _is_balanced(reading: FoundOpinions, total: float, blame: float) -> bool:
    """Tell whether a text praises and blames about alike.

    Then VADER's sign, which depends on little, says nothing. Where a word such as "but" says what counts,
    that does.
    """
    weaker, stronger = sorted((blame, total + blame))
    return not reading.weighs and weaker >= _BALANCED * stronger > 0


def _plain(text: str) -> str:
    """Return the text in plain letters and straight apostrophes."""
    return text if text.isascii() else plain_forms(text).translate(_STRAIGHT)


def _squeeze_factor(total: float) -> float:
    """Return the factor that scales a sum to (-1, 1)."""
    return 1.0 / math.sqrt(total * total + _SQUEEZE)


def _with_places(opinions: Sequence[Opinion], pieces: Sequence[Piece]) -> list[tuple[int, int, float]]:
    return [(pieces[one.first].start, pieces[one.last].end, one.value) for one in opinions]


def _squeezed_parts(
    name: str, strength: str, parts: Sequence[tuple[int, int, float]], factor: float
) -> list[GeneralPart]:
    sign = math.copysign(1.0, sum(value for *_, value in parts))
    return [GeneralPart(name, start, end, value * factor) for start, end, value in parts] + [
        GeneralPart(strength, start, end, value * factor * sign) for start, end, value in parts
    ]


def _mixed_parts(parts: Sequence[tuple[int, int, float]]) -> list[GeneralPart]:
    praise = sum(value for *_, value in parts if value > 0)
    blame = -sum(value for *_, value in parts if value < 0)
    weaker = min(praise, blame)
    sign = 1.0 if praise <= blame else -1.0
    return [
        GeneralPart("mixed", start, end, value * sign * _squeeze_factor(weaker))
        for start, end, value in parts
        if weaker and value * sign > 0
    ]


def _manner_parts(reading: FoundOpinions, pieces: Sequence[Piece]) -> list[GeneralPart]:
    found = []
    if reading.asks:
        place = pieces[reading.asks_at]
        found.append(GeneralPart("asks", place.start, place.end, 1.0))
    if reading.requests:
        place = pieces[reading.requests_at]
        found.append(GeneralPart("requests", place.start, place.end, 1.0))
    return found
