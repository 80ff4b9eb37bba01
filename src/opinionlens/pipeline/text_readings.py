"""Texts as calibration and general expert need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from opinionlens.features.spec import FeatureSpec
from opinionlens.text.general import general_values


@dataclass(frozen=True, eq=False)
class TextReading:
    """A text with its words.

    Attributes:
        text: as it is.
        pieces: of the text.
        tokens: of the text.
        source: the data set that it comes from.
    """

    text: str
    pieces: Sequence[str]
    tokens: Sequence[str]
    source: str = ""

    @cached_property
    def general(self) -> list[float]:
        """The general values, counted at the first use."""
        return general_values(self.text, self.pieces)


def read_texts(
    spec: FeatureSpec, texts: Sequence[str], sources: Sequence[str] | None = None
) -> list[TextReading]:
    """Read texts as `spec` cuts them."""
    plain = replace(spec, lexicon=False)
    return [
        TextReading(text, *plain.pieces_tokens_lexicon(text)[:2], source)
        for text, source in zip(texts, sources or [""] * len(texts), strict=True)
    ]
