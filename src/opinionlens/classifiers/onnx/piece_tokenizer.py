"""Texts cut into the pieces that a Transformer reads.

By the `tokenizer.json` of the artifact, which is data: the library `tokenizers` builds known steps from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opinionlens.base.artifact_limits import plain_file_size
from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.text.recipe import Recipe

MAX_TOKENIZER_BYTES = 32_000_000
# Attention takes time with the square of this.
MOST_PIECES = 1_024
# More characters than this for each piece that is read are left away before anything is cut, so that a book
# costs no more than its beginning.
_CHARS_OF_A_PIECE = 32


class PieceTokenizer:
    """A tokenizer that reads the beginning of a text.

    Attributes:
        most_pieces: how many pieces it reads; the rest of a text is left away.
        padding: the number of the piece that fills up short texts in a batch.
    """

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401 - a tokenizers.Tokenizer
        """Take a tokenizer of the library.

        Raises:
            ArtifactUnsupported: it does not say how many pieces are read, or too many.
        """
        truncation, padding = tokenizer.truncation or {}, tokenizer.padding or {}
        self.most_pieces = int(truncation.get("max_length") or 0)
        if not 1 <= self.most_pieces <= MOST_PIECES or truncation.get("direction") != "right":
            raise ArtifactUnsupported(
                f"The tokenizer must cut the end of a text behind at most {MOST_PIECES:,} pieces."
            )
        self.padding = int(padding.get("pad_id") or 0)
        tokenizer.no_padding()
        self._tokenizer = tokenizer

    def pieces(self, texts: Sequence[str], recipe: Recipe) -> list[list[int]]:
        """Return the numbers of each text's pieces.

        One text at a time: for many the library would start a thread for each core.
        """
        return [self._tokenizer.encode(readable(text, recipe, self.most_pieces)).ids for text in texts]


def readable(text: str, recipe: Recipe, most_pieces: int) -> str:
    """Return the text that is cut into pieces.

    It is the decoded beginning. Training and serving both call this.
    """
    beginning = text[: most_pieces * _CHARS_OF_A_PIECE]
    return recipe.readable(beginning).encode("utf-8", "replace").decode("utf-8")


def read_tokenizer(path: Path) -> PieceTokenizer:
    """Read the tokenizer of an artifact.

    Raises:
        ArtifactUnsupported: it is too large, or cannot be read.
    """
    import tokenizers

    if (plain_file_size(path) or 0) > MAX_TOKENIZER_BYTES:
        raise ArtifactUnsupported(f"The tokenizer is larger than {MAX_TOKENIZER_BYTES:,} bytes.")
    try:
        tokenizer = tokenizers.Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # the library has no class of errors of its own
        raise ArtifactUnsupported(f"The tokenizer cannot be read: {error}.", where=str(path)) from error
    return PieceTokenizer(tokenizer)
