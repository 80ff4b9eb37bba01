"""The part of a long text that a Transformer reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from opinionlens.text.recipe import Recipe

# More characters than this for each piece that is read are left away before anything is cut, so that a book
# costs no more than its two ends.
_CHARS_OF_A_PIECE = 32
_Piece = TypeVar("_Piece")


@dataclass(frozen=True)
class Excerpt:
    """The pieces of a long text that are read.

    They are its beginning and its end, because a review opens with its matter and ends with its verdict: Sun,
    Qiu, Xu and Huang, "How to Fine-Tune BERT for Text Classification?" (2019). Training and serving both ask
    here.

    Attributes:
        most_pieces: that are read, as the tokenizer counts; its own marks at both ends count, too.
        last_pieces: of these from the end; 0 to read the beginning alone.
    """

    most_pieces: int
    last_pieces: int = 0

    def readable(self, text: str, recipe: Recipe) -> str:
        """Return the decoded text that is cut into pieces."""
        most = self.most_pieces * _CHARS_OF_A_PIECE
        if self.last_pieces and len(text) > 2 * most:
            text = f"{text[:most]} {text[-most:]}"
        elif not self.last_pieces:
            text = text[:most]
        return recipe.readable(text).encode("utf-8", "replace").decode("utf-8")

    def cut(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        """Return the pieces of a text that are read.

        The middle is left out, so that the tokenizer's marks at both ends stay.
        """
        if not self.last_pieces or len(pieces) <= self.most_pieces:
            return list(pieces)
        return [*pieces[: self.most_pieces - self.last_pieces], *pieces[-self.last_pieces :]]
