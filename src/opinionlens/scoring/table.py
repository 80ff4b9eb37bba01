"""What the formats have in common: rows come in chunks, and go out in the same chunks with their verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from opinionlens.scoring.columns import RowProblem, Verdict

# Rows that are read, scored and written together, and after how many characters of text no more are added.
CHUNK_ROWS = 1_000
CHUNK_CHARS = 1_000_000


@dataclass(frozen=True)
class Chunk:
    """Some rows: what their format wants back to write them, and each one's text or why there is none."""

    rows: Any
    texts: Sequence[str | RowProblem]


class Table(Protocol):
    """An input file and the output beside it, both open."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows in order.

        Raises:
            TableInvalid: the file cannot be read on.
        """

    def write(self, chunk: Chunk, verdicts: Sequence[Verdict]) -> None:
        """Write the rows of a chunk with their verdicts."""

    def done(self) -> float:
        """Return how much of the input has been read, in the unit of `total`."""

    def total(self) -> float:
        """Return how much there is to read."""

    def notes(self) -> tuple[str, ...]:
        """Return what a person should know about how the file was read."""


class OpenTable(Protocol):
    """Opens a format."""

    def __call__(self, source: Path, target: Path, text_column: str) -> AbstractContextManager[Table]:
        """Open `source` for reading and `target` for writing.

        Raises:
            TableInvalid: `source` is not of this format or has no such column.
        """


def in_chunks(rows: Iterable[tuple[Any, str | RowProblem]]) -> Iterator[Chunk]:
    """Gather rows that come one by one."""
    contents: list[Any] = []
    texts: list[str | RowProblem] = []
    chars = 0
    for content, text in rows:
        contents.append(content)
        texts.append(text)
        chars += len(text) if isinstance(text, str) else 0
        if len(texts) >= CHUNK_ROWS or chars >= CHUNK_CHARS:
            yield Chunk(contents, texts)
            contents, texts, chars = [], [], 0
    if texts:
        yield Chunk(contents, texts)
