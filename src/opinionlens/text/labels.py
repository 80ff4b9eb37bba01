"""The three classes every part of the system speaks of."""

from __future__ import annotations

from enum import StrEnum


class Label(StrEnum):
    """What a text says about its subject, in the order used wherever arrays have a class axis."""

    NEGATIVE = "NEGATIVE"
    NEUTRAL = "NEUTRAL"
    POSITIVE = "POSITIVE"


LABELS: tuple[Label, ...] = tuple(Label)
