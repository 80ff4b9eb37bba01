"""Chunks of rows between an input and an output file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Protocol, TypeVar

from opinionlens.tabular.row_problems import RowProblem

# Rows that are read, used and written together, and after how many characters of text no more are added.
CHUNK_ROWS = 1_000
CHUNK_CHARS = 1_000_000
RENAMED_PREFIX = "input_"

_Row = TypeVar("_Row")
TextOrProblem = str | RowProblem


class Chunk(Protocol):
    """Some rows of an input, in every form for outputs."""

    @property
    def texts(self) -> Sequence[TextOrProblem]:
        """The text of each row, or its problem."""

    def cells(self) -> list[list[str]]:
        """Return each row as text cells, one for each name."""

    def objects(self, added: Sequence[str]) -> list[str]:
        """Return the members of each row as JSON without braces.

        Names that are in `added` are changed.
        """

    def arrays(self) -> list[Any]:
        """Return the columns as Arrow arrays."""


class RowSource(Protocol):
    """An open input file."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the columns; may read the whole file."""

    @property
    def delimiter(self) -> str | None:
        """The delimiter that an output should keep, if any."""

    @property
    def has_mark(self) -> bool:
        """Whether the file begins with a byte order mark."""

    @property
    def is_array(self) -> bool:
        """Whether the file is one JSON array."""

    @property
    def repeated(self) -> Sequence[str]:
        """Names of several columns."""

    def schema(self) -> Any:  # noqa: ANN401 - pyarrow's
        """Return the Arrow schema of the columns."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows in order.

        Raises:
            TableInvalid: the file cannot be read on.
        """

    def renamings(self, added: Sequence[str]) -> Mapping[str, str]:
        """Return the columns renamed because added ones use their names."""

    def done(self) -> float:
        """Return the amount of input read, in units of `total`."""

    def total(self) -> float:
        """Return the amount of input in all."""

    @property
    def unit(self) -> str:
        """The unit of `total`: byte or row."""

    def notes(self) -> tuple[str, ...]:
        """Return notes for users on the reading of the file."""


def in_chunks(rows: Iterable[tuple[_Row, TextOrProblem]]) -> Iterator[tuple[list[_Row], list[TextOrProblem]]]:
    """Gather single rows and their texts into chunks."""
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
    """Return the output names of the input's columns.

    A column that has the name of an added one is written as `input_…`: a reader of `prediction` must get the
    added one, and nothing of the input may be lost.
    """
    taken = {*names, *added}
    return [_free_name(name, taken) if name in added else name for name in names]


def repeated(names: Sequence[str]) -> list[str]:
    """Return the names that occur more than once."""
    return [name for name, times in Counter(names).items() if times > 1]


def numbered(names: Sequence[str]) -> list[str]:
    """Return the names, with numbers behind repeated ones.

    Readers of JSON and Parquet keep one column of a name, or refuse the file.
    """
    taken = set(names)
    numbers: dict[str, Iterator[int]] = {}
    found = []
    for name in names:
        new = name
        if name in numbers:
            new = next(each for number in numbers[name] if (each := f"{name}_{number}") not in taken)
            taken.add(new)
        numbers.setdefault(name, count(2))
        found.append(new)
    return found


def renamings(names: Sequence[str], added: Sequence[str]) -> dict[str, str]:
    """Return the changed names of `renamed` by their old ones."""
    return {old: new for old, new in zip(names, renamed(names, added), strict=True) if old != new}


def _free_name(column: str, taken: set[str]) -> str:
    name = RENAMED_PREFIX + column
    while name in taken:
        name = RENAMED_PREFIX + name
    taken.add(name)
    return name
