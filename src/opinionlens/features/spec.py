"""The choice of features, as the manifest states it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.base.typed_json import JsonUnfit, read_dataclass
from opinionlens.text.general import OPINION_FEATURES, opinion_values
from opinionlens.text.lexicon import LEXICON_FEATURES, LexiconPart, lexicon_parts, lexicon_values
from opinionlens.text.recipe import Recipe
from opinionlens.text.scanning import Piece

BlockName = Literal["words", "chars", "lexicon", "opinions"]
TermFrequency = Literal["count", "binary", "log"]

SPARSE_BLOCKS: tuple[BlockName, ...] = ("words", "chars")
# The blocks whose columns are the same for every vocabulary, with these columns.
DENSE_FEATURES: Mapping[BlockName, tuple[str, ...]] = {
    "lexicon": LEXICON_FEATURES,
    "opinions": OPINION_FEATURES,
}
DENSE_BLOCKS: tuple[BlockName, ...] = tuple(DENSE_FEATURES)


@dataclass(frozen=True)
class FeatureSpec:
    """The choice of features to count in texts.

    None or False leaves a block out.

    Attributes:
        recipe: the steps from a text to its tokens.
        word_ngrams: shortest and longest run of tokens.
        char_ngrams: shortest and longest run of characters inside a token.
        lexicon: whether the lexicon's values are features.
        opinions: whether opinions, questions and requests are (`text.general`).
    """

    recipe: Recipe
    word_ngrams: tuple[int, int] | None = (1, 2)
    char_ngrams: tuple[int, int] | None = None
    lexicon: bool = False
    opinions: bool = False

    def __post_init__(self) -> None:
        """Reject lengths that count nothing."""
        for name, span in (("word_ngrams", self.word_ngrams), ("char_ngrams", self.char_ngrams)):
            if span is not None and not 1 <= span[0] <= span[1]:
                raise ArtifactUnsupported(
                    f"{name} must be two lengths, 1 <= shortest <= longest, not {span}."
                )

    def values_beside_tokens(self, text: str) -> tuple[list[str], list[float], list[float]]:
        """Return the text's tokens, lexicon values and opinion values.

        Values that are no features are empty.
        """
        if not self.opinions:
            return *self.tokens_and_lexicon(text), []
        pieces, tokens, lexicon = self.pieces_tokens_lexicon(text)
        return tokens, lexicon, opinion_values(pieces)

    def tokens_and_lexicon(self, text: str) -> tuple[list[str], list[float]]:
        """Return the text's tokens and lexicon values.

        The values are empty without `lexicon`; the text is scanned once where possible.
        """
        if not self.lexicon:
            return self.recipe.tokens(text), []
        _, tokens, lexicon = self.pieces_tokens_lexicon(text)
        return tokens, lexicon

    def pieces_tokens_lexicon(self, text: str) -> tuple[list[str], list[str], list[float]]:
        """Return the pieces before the results of `tokens_and_lexicon`."""
        pieces = self.recipe.pieces(text)
        tokens = (
            self.recipe.tokens_of(pieces) if self.recipe.tokenizer == "pattern" else self.recipe.tokens(text)
        )
        if not self.lexicon:
            return pieces, tokens, []
        return pieces, tokens, lexicon_values(pieces, damp_repeats=self.recipe.damps_repeats)

    def lexicon_parts(self, pieces: Sequence[Piece]) -> list[LexiconPart]:
        """Return each segment's contributions to the lexicon's values.

        `pieces` are those of `recipe.pieces_with_places`.
        """
        return lexicon_parts(pieces, damp_repeats=self.recipe.damps_repeats)

    def as_dict(self) -> dict[str, Any]:
        """Return the choice as JSON values."""
        return {
            "recipe": self.recipe.as_dict(),
            "word_ngrams": list(self.word_ngrams) if self.word_ngrams else None,
            "char_ngrams": list(self.char_ngrams) if self.char_ngrams else None,
            "lexicon": self.lexicon,
            "opinions": self.opinions,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FeatureSpec:
        """Build the choice from the output of `as_dict`.

        Raises:
            ArtifactUnsupported: a field or a value is unknown to this version of the code.
        """
        try:
            return read_dataclass(cls, values)
        except JsonUnfit as error:
            raise ArtifactUnsupported(f"Of the features, {error.where} {error.what}.") from error
