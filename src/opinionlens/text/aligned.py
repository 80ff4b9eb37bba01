"""Rewritten text that keeps each character's place in the original."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Aligned:
    """A rewritten text with the original place of each character.

    Character number i stands for `starts[i]` to `ends[i]` of the original.
    """

    text: str
    starts: range | list[int]
    ends: range | list[int]

    @classmethod
    def of(cls, original: str) -> Self:
        """Wrap an original text before any replacement."""
        return cls(original, range(len(original)), range(1, len(original) + 1))

    def replaced(self, pattern: re.Pattern[str], meaning: Callable[[re.Match[str]], str]) -> Self:
        """Return `pattern.sub(meaning, text)` with the places kept.

        A match that is replaced by nothing would lose its place.
        """
        starts: list[int] = []
        ends: list[int] = []
        parts: list[str] = []
        read = 0
        for match in pattern.finditer(self.text):
            rewritten = meaning(match)
            if rewritten == match.group():
                continue
            begin, end = match.span()
            parts += (self.text[read:begin], rewritten)
            starts += (*self.starts[read:begin], *(self.starts[begin],) * len(rewritten))
            ends += (*self.ends[read:begin], *(self.ends[end - 1],) * len(rewritten))
            read = end
        if not parts:
            return self
        parts.append(self.text[read:])
        starts += self.starts[read:]
        ends += self.ends[read:]
        return type(self)("".join(parts), starts, ends)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the original start and end of a non-empty segment."""
        return self.starts[start], self.ends[end - 1]
