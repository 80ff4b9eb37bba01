"""Rows on their way from an input file to an output file, some at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from opinionlens.tabular.row_problems import RowProblem

# Rows that are read, used and written together, and after how many characters of text no more are added.
CHUNK_ROWS = 1_000
CHUNK_CHARS = 1_000_000
RENAMED_PREFIX = "input_"

_Row = TypeVar("_Row")
TextOrProblem = str | RowProblem


class Chunk(Protocol):
    """Some rows of an input, in the forms in which outputs take them."""

    @property
    def texts(self) -> Sequence[TextOrProblem]:
        """The text of each row, or why there is none."""

    def cells(self) -> list[list[str]]:
        """Return each row as text cells, as many as the input has names."""

    def objects(self, added: Sequence[str]) -> list[str]:
        """Return the members of each row as JSON without braces; names that are in `added` are changed."""

    def arrays(self) -> list[Any]:
        """Return the columns as Arrow arrays."""


class RowSource(Protocol):
    """An open input file."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the columns; asking for them may read the whole file."""

    @property
    def delimiter(self) -> str | None:
        """What stands between cells, where an output should keep it."""

    @property
    def has_mark(self) -> bool:
        """Whether it begins with a byte order mark."""

    @property
    def is_array(self) -> bool:
        """Whether it is one JSON array."""

    def schema(self) -> Any:  # noqa: ANN401 - pyarrow's
        """Return the Arrow schema of the columns."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows in order.

        Raises:
            TableInvalid: the file cannot be read on.
        """

    def renamings(self, added: Sequence[str]) -> Mapping[str, str]:
        """Return the names that had to be changed because columns of theirs are added."""

    def done(self) -> float:
        """Return how much of the input has been read, in the unit of `total`."""

    def total(self) -> float:
        """Return how much there is to read."""

    def notes(self) -> tuple[str, ...]:
        """Return what a person should know about how the file was read."""


def in_chunks(rows: Iterable[tuple[_Row, TextOrProblem]]) -> Iterator[tuple[list[_Row], list[TextOrProblem]]]:
    """Gather rows that come one by one with their texts."""
    contents: list[_Row] = []
    texts: list[TextOrProblem] = []
    chars = 0
    for content, text in rows:
        contents.append(content)
        texts.append(text)
        chars += len(text) if isinstance(text, str) else 0
        if len(texts) >= CHUNK_ROWS or chars >= CHUNK_CHARS:
            yield contents, texts
            contents, texts, chars = [], [], 0
    if texts:
        yield contents, texts


def renamed(names: Sequence[str], added: Sequence[str]) -> list[str]:
    """Return the names under which the input's columns are written.

    A column that has the name of an added one is written as `input_…`: a reader of `prediction` must get
    the added one, and nothing of the input may be lost.
    """
    taken = {*names, *added}
    return [_free_name(name, taken) if name in added else name for name in names]


def renamings(names: Sequence[str], added: Sequence[str]) -> dict[str, str]:
    """Return those of `renamed` that are new, by the old ones."""
    return {old: new for old, new in zip(names, renamed(names, added), strict=True) if old != new}


def _free_name(column: str, taken: set[str]) -> str:
    name = RENAMED_PREFIX + column
    while name in taken:
        name = RENAMED_PREFIX + name
    taken.add(name)
    return name
