"""HTML's character references (`&amp;`, `&#39;`) decoded, without losing where each character stood."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from html.entities import html5

REFERENCE = r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_REFERENCE = re.compile(REFERENCE)


def decode(text: str) -> str:
    """`text` with its character references replaced; `&` alone and unknown names stay as they are."""
    return _REFERENCE.sub(_meaning, text) if "&" in text else text


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded text whose character number i stands for `starts[i]` to `ends[i]` of the original."""

    text: str
    starts: range | list[int]
    ends: range | list[int]

    @classmethod
    def of(cls, original: str) -> Decoded:
        """Decode `original`."""
        if "&" not in original:
            return cls(original, range(len(original)), range(1, len(original) + 1))
        starts: list[int] = []
        ends: list[int] = []
        parts: list[str] = []
        read = 0
        for match in _REFERENCE.finditer(original):
            meaning = _meaning(match)
            if meaning == match.group():
                continue
            parts += (original[read : match.start()], meaning)
            starts += (*range(read, match.start()), *(match.start(),) * len(meaning))
            ends += (*range(read + 1, match.start() + 1), *(match.end(),) * len(meaning))
            read = match.end()
        parts.append(original[read:])
        starts += range(read, len(original))
        ends += range(read + 1, len(original) + 1)
        return cls("".join(parts), starts, ends)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where the non-empty stretch from `start` to `end` of the decoded text stands in the original."""
        return self.starts[start], self.ends[end - 1]


def _meaning(match: re.Match[str]) -> str:
    reference = match.group()
    known = reference[1] == "#" or reference[1:] in html5
    return html.unescape(reference) if known else reference
