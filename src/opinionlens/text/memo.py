"""Bounded memory of values computed for pieces of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

CAPACITY = 100_000  # pieces; about 15 MB of short strings, and more words than most corpora repeat
LONGEST = 40  # characters; longer pieces (addresses, markup, noise) hardly ever come back


class Memo(dict[str, T]):
    """A dictionary that computes and keeps missing values.

    Values of long pieces are not kept. When full it forgets everything: frequent words come back at once, and
    look-ups need no bookkeeping. Several threads may read it; at worst they compute the same value twice.
    """

    def __init__(self, work_out: Callable[[str], T], capacity: int = CAPACITY) -> None:
        super().__init__()
        self._work_out = work_out
        self._capacity = capacity

    def __missing__(self, piece: str) -> T:
        value = self._work_out(piece)
        if len(piece) <= LONGEST:
            if len(self) >= self._capacity:
                self.clear()
            self[piece] = value
        return value
