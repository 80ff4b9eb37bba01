"""The three classes of sentiment."""

from __future__ import annotations

from enum import StrEnum


class Label(StrEnum):
    """The sentiment of a text.

    The order is that of the class axis of all arrays.
    """

    NEGATIVE = "NEGATIVE"
    NEUTRAL = "NEUTRAL"
    POSITIVE = "POSITIVE"


LABELS: tuple[Label, ...] = tuple(Label)
