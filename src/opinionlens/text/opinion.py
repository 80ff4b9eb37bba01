"""One opinion that a text states."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Opinion:
    """A range of pieces with a valence.

    Attributes:
        first: number of its first piece.
        last: number of its last piece.
        value: the valence after negation, intensifiers and weights.
        inferred: whether the list got it from word vectors.
        asked: whether its sentence is a question.
        reported: whether it is somebody else's.
    """

    first: int
    last: int
    value: float
    inferred: bool = False
    asked: bool = False
    reported: bool = False
