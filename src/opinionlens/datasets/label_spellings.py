"""The meaning of undocumented labels: words, numbers, stars."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from opinionlens.base.errors import InputError
from opinionlens.datasets.card import label_key
from opinionlens.text.labels import LABELS, Label

_NEGATIVE, _NEUTRAL, _POSITIVE = LABELS
_STEMS: Mapping[str, Label] = {
    "negative": _NEGATIVE,
    "neg": _NEGATIVE,
    "bad": _NEGATIVE,
    "neutral": _NEUTRAL,
    "neu": _NEUTRAL,
    "positive": _POSITIVE,
    "pos": _POSITIVE,
    "good": _POSITIVE,
}
_STRENGTHS = ("very", "extremely", "strongly", "somewhat", "slightly", "weakly")
_WORDS = dict(_STEMS) | {f"{how} {stem}": label for stem, label in _STEMS.items() for how in _STRENGTHS}
# `5 stars`, `LABEL_2` as Hugging Face writes classes, `__label__2` as fastText does.
_NUMBER = re.compile(r"(?:_*(?:label|class)_+)?([+-]?\d{1,3})(?: ?stars?)?", re.ASCII)
_NAMED = re.compile(r"_+label_+(\w+)", re.ASCII)
_LEAVE_OUT = frozenset(("", "skip", "none"))


def _scale(negative: Iterable[int], neutral: Iterable[int], positive: Iterable[int]) -> dict[int, Label]:
    return (
        dict.fromkeys(negative, _NEGATIVE)
        | dict.fromkeys(neutral, _NEUTRAL)
        | dict.fromkeys(positive, _POSITIVE)
    )


# The first scale that holds all numbers of a file is taken: a short one before a longer one that has its
# numbers, too. So 0 and 1 are the two classes, although 0, 1 and 2 could be three.
_SCALES = (
    _scale([0], [], [1]),
    _scale([1], [], [2]),
    _scale([-1], [0], [1]),
    _scale([0], [1], [2]),
    _scale([1], [2], [3]),
    _scale([0], [2], [4]),
    _scale([1, 2], [3], [4, 5]),
    _scale([0, 1], [2], [3, 4]),
    _scale([-2, -1], [0], [1, 2]),
    _scale([1, 2, 3, 4], [5, 6], [7, 8, 9, 10]),
)


def spelt_labels(written: Iterable[str], told: Mapping[str, Label | None]) -> dict[str, Label | None]:
    """Return the meanings of a file's labels by their keys.

    Labels that are not understood are absent.

    Args:
        written: every label of the file, as its key (`card.label_key`).
        told: the user's own meanings; None leaves a label out. They go before every guess.
    """
    numbers = {key: int(found[1]) for key in written if (found := _NUMBER.fullmatch(key))}
    asked = {number for key, number in numbers.items() if key not in told}
    scale = next((each for each in _SCALES if asked <= each.keys()), {})
    meanings: dict[str, Label | None] = {}
    for key in written:
        label = told[key] if key in told else scale.get(numbers[key]) if key in numbers else _by_word(key)
        if label is not None or key in told:
            meanings[key] = label
    return meanings


def told_labels(options: Iterable[str]) -> dict[str, Label | None]:
    """Parse label options such as `bad=NEGATIVE`.

    `mixed=skip` leaves a label out.

    Raises:
        InputError: it is not of this form.
    """
    told: dict[str, Label | None] = {}
    for option in options:
        written, equals, name = option.rpartition("=")
        key, wanted = label_key(written), name.strip()
        label = _by_word(wanted.casefold())
        if not equals or not key or (label is None and wanted.casefold() not in _LEAVE_OUT):
            raise InputError(
                f"`{option[:80]}` does not say what a label means.",
                remedy="For example bad=NEGATIVE, or mixed=skip to leave rows with that label out.",
            )
        told[key] = label
    return told


def _by_word(key: str) -> Label | None:
    named = _NAMED.fullmatch(key)
    return _WORDS.get((named[1] if named else key).replace("_", " ").replace("-", " "))
