"""Texts cut into the pieces that a Transformer reads.

By the `tokenizer.json` of the artifact, which is data: the library `tokenizers` builds known steps from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opinionlens.base.artifact_limits import plain_file_size
from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.onnx.excerpt import Excerpt
from opinionlens.text.recipe import Recipe

MAX_TOKENIZER_BYTES = 32_000_000
# Attention takes time with the square of this.
MOST_PIECES = 1_024


class PieceTokenizer:
    """A tokenizer that reads both ends of a long text.

    Attributes:
        excerpt: which pieces of a text are read; the rest is left away.
        padding: the number of the piece that fills up short texts in a batch.
    """

    def __init__(self, tokenizer: Any, last_pieces: int = 0) -> None:  # noqa: ANN401 - a tokenizers.Tokenizer
        """Take a tokenizer of the library.

        It says how many pieces are read.

        Args:
            tokenizer: with its truncation set.
            last_pieces: of these from the end of a text.

        Raises:
            ArtifactUnsupported: it does not say how many pieces are read, too many, or fewer than the last.
        """
        truncation, padding = tokenizer.truncation or {}, tokenizer.padding or {}
        most = int(truncation.get("max_length") or 0)
        if not 1 <= most <= MOST_PIECES or truncation.get("direction") != "right":
            raise ArtifactUnsupported(
                f"The tokenizer must cut the end of a text behind at most {MOST_PIECES:,} pieces."
            )
        if not 0 <= last_pieces < most:
            raise ArtifactUnsupported(f"Of {most:,} pieces {last_pieces:,} cannot be the last.")
        self.excerpt = Excerpt(most, last_pieces)
        self.padding = int(padding.get("pad_id") or 0)
        tokenizer.no_padding()
        if last_pieces:
            tokenizer.no_truncation()
        self._tokenizer = tokenizer

    def pieces(self, texts: Sequence[str], recipe: Recipe) -> list[list[int]]:
        """Return the numbers of each text's pieces.

        One text at a time: for many the library would start a thread for each core.
        """
        part = self.excerpt
        return [part.cut(self._tokenizer.encode(part.readable(text, recipe)).ids) for text in texts]


def read_tokenizer(path: Path, last_pieces: int = 0) -> PieceTokenizer:
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
    return PieceTokenizer(tokenizer, last_pieces)
