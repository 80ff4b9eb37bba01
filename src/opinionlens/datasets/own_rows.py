"""A sample of labelled rows from a user's file.

It serves to measure a model. The file may have any size: it is read two times, first to count the labels,
then to draw the rows, so it takes the memory of the sample. No package that trains is needed: the app reads
with it, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from opinionlens.base.errors import DatasetMalformed, TableInvalid
from opinionlens.base.wording import counted
from opinionlens.datasets.card import label_key
from opinionlens.datasets.label_spellings import spelt_labels
from opinionlens.tabular.column_names import column_names
from opinionlens.tabular.header import listed
from opinionlens.tabular.opening import check_plain_file, open_source
from opinionlens.tabular.row_problems import RowProblem
from opinionlens.text.labels import LABELS, Label

# A longer text is cut: it would take the room of many others, and models read no more of a page than that.
MOST_CHARS = 20_000
# More different values than any set of labels has.
_MOST_LABELS = 100
_SHOWN_LABELS = 12
# As data sets with a card: above that share something is wrong with the reading, not with a few rows.
_UNKNOWN_ALLOWED = 0.5
_NO_LABEL, _UNKNOWN, _SKIPPED = "the label is missing", "the label is not understood", "left out as you said"

_TEXT_NAMES = (
    *("text", "tweet", "review", "reviewtext", "review_text", "content", "body", "message", "comment"),
    *("sentence", "post", "feedback", "opinion", "description"),
)
_LABEL_NAMES = (
    *("label", "labels", "sentiment", "airline_sentiment", "polarity", "class", "category", "target"),
    *("rating", "stars", "score", "overall", "mood"),
)


@dataclass(frozen=True)
class OwnRows:
    """A sample of a file's labelled rows, and its origin.

    Attributes:
        file: its name.
        columns: the column of the texts and that of the labels.
        numbers: the row of each text in the file; the first behind the header is 1.
        texts: the texts.
        labels: their classes.
        rows_in: how many rows the file has.
        usable: how many of them have a text and a label that is understood.
        left_out: the others by their reason.
        meanings: the class of each label as written, the most frequent first; None where it is left out.
        notes: notes for users on the reading of the file.
        seed: the sample was drawn with it.
    """

    file: str
    columns: tuple[str, str]
    numbers: Sequence[int]
    texts: Sequence[str]
    labels: Sequence[Label]
    rows_in: int
    usable: int
    left_out: Mapping[str, int]
    meanings: Mapping[str, Label | None]
    notes: tuple[str, ...]
    seed: int


@dataclass(frozen=True)
class Wanted:
    """A request for a sample.

    Columns that are None are found by their names.
    """

    text_column: str | None = None
    label_column: str | None = None
    told: Mapping[str, Label | None] | None = None
    max_rows: int = 10_000
    seed: int = 0


def read_own_rows(path: Path, wanted: Wanted, on_rows: Callable[[int], None] = lambda rows: None) -> OwnRows:
    """Read at most `wanted.max_rows` rows, each class in proportion.

    `on_rows` is called for each 1,000 rows.

    Raises:
        TableInvalid: the file cannot be read, or has no such column.
        DatasetMalformed: it has no labelled texts, or most of its labels are not understood.
    """
    check_plain_file(path)
    names = column_names(path)
    text_column = _column(names, wanted.text_column, _TEXT_NAMES, "texts", path)
    label_column = _column(names, wanted.label_column, _LABEL_NAMES, "labels", path)
    if text_column == label_column:
        raise TableInvalid("Texts and labels cannot be the same column.", where=str(path))
    rows = _Rows(path, text_column, label_column, on_rows)
    by_label, problems = _count_labels(rows)
    meanings = spelt_labels(list(by_label), wanted.told or {})
    _check_labels(by_label, meanings, path, label_column)
    usable = _by_class(by_label, meanings)
    quotas = quotas_of(usable, wanted.max_rows)
    sample = _draw_sample(rows, meanings, usable, quotas, wanted.seed)
    left_out = Counter(problems)
    for key, times in by_label.items():
        if meanings.get(key) is None:
            left_out[_SKIPPED if key in meanings else _UNKNOWN if key else _NO_LABEL] += times
    cut = f"{counted(sample.cut, 'text was', 'texts were')} cut to {MOST_CHARS:,} characters."
    return OwnRows(
        file=path.name,
        columns=(text_column, label_column),
        numbers=sample.numbers,
        texts=sample.texts,
        labels=sample.labels,
        rows_in=rows.rows,
        usable=sum(usable.values()),
        left_out=dict(left_out.most_common()),
        meanings={key: meanings[key] for key, _ in by_label.most_common() if key in meanings},
        notes=(*rows.notes, *((cut,) if sample.cut else ())),
        seed=wanted.seed,
    )


def quotas_of(usable: Mapping[Label, int], max_rows: int) -> dict[Label, int]:
    """Return the number of rows to draw from each class.

    It is all of them, or a proportional part, but at least one of each class.
    """
    total = sum(usable.values())
    if total <= max_rows:
        return dict(usable)
    exact = {label: max_rows * count / total for label, count in usable.items() if count}
    quotas = {label: max(1, int(share)) for label, share in exact.items()}
    while (missing := max_rows - sum(quotas.values())) > 0:
        for label in sorted(exact, key=lambda each: quotas[each] - exact[each])[:missing]:
            quotas[label] += 1
    largest = max(quotas, key=lambda each: quotas[each])
    quotas[largest] = max(
        1, quotas[largest] + missing
    )  # it gives up as many as small classes got beyond their shares
    return quotas


@dataclass
class _Sample:
    numbers: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    cut: int = 0


class _Rows:
    """The rows of the file, read anew on each iteration."""

    def __init__(self, path: Path, text: str, label: str, on_rows: Callable[[int], None]) -> None:
        self._path, self._text, self._label = path, text, label
        self._on_rows = on_rows
        self.rows = 0
        self.notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[tuple[str | RowProblem, str]]:
        """Yield each text or its problem, with its label's key."""
        self.rows = 0
        with open_source(self._path, self._text) as source:
            for chunk in source.chunks():
                place = list(source.names).index(self._label)
                for text, cells in zip(chunk.texts, chunk.cells(), strict=True):
                    yield text, label_key(cells[place])
                self.rows += len(chunk.texts)
                self._on_rows(len(chunk.texts))
            self.notes = source.notes()


def _count_labels(rows: _Rows) -> tuple[Counter[str], Counter[str]]:
    """Count the labels of usable texts, and the problems."""
    labels: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    for text, key in rows:
        if isinstance(text, RowProblem):
            problems[text.value] += 1
        elif key in labels or len(labels) <= _MOST_LABELS:
            labels[key] += 1
        else:
            raise DatasetMalformed(
                f"The column of the labels has more than {_MOST_LABELS} different values, "
                f"for example {_most_common(labels)}.",
                remedy="Name the column that holds the labels.",
            )
    return labels, problems


def _check_labels(
    by_label: Counter[str], meanings: Mapping[str, Label | None], path: Path, column: str
) -> None:
    unknown = Counter({key: times for key, times in by_label.items() if key and key not in meanings})
    if not any(meanings.values()) or unknown.total() > _UNKNOWN_ALLOWED * by_label.total():
        found = (
            f"the column `{column}` has {_most_common(unknown or by_label)}"
            if by_label
            else "there are no texts"
        )
        raise DatasetMalformed(
            f"Most labels are not understood: {found}." if by_label else f"No row can be used: {found}.",
            where=str(path),
            remedy="Name the right column, or say what the labels mean, for example bad=NEGATIVE.",
        )


def _draw_sample(
    rows: _Rows,
    meanings: Mapping[str, Label | None],
    usable: Mapping[Label, int],
    quotas: Mapping[Label, int],
    seed: int,
) -> _Sample:
    """Draw exactly the quota of each class.

    Every row of a class has the same chance (Knuth's algorithm S).
    """
    draw = np.random.default_rng(seed).random
    left, needed = dict(usable), dict(quotas)
    sample = _Sample()
    for number, (text, key) in enumerate(rows, start=1):
        label = meanings.get(key)
        if label is None or isinstance(text, RowProblem):
            continue
        if draw() * left[label] < needed[label]:
            needed[label] -= 1
            sample.numbers.append(number)
            sample.texts.append(text[:MOST_CHARS])
            sample.labels.append(label)
            sample.cut += len(text) > MOST_CHARS
        left[label] -= 1
    return sample


def _by_class(by_label: Mapping[str, int], meanings: Mapping[str, Label | None]) -> dict[Label, int]:
    return {
        label: sum(times for key, times in by_label.items() if meanings.get(key) is label) for label in LABELS
    }


def _column(names: Sequence[str], asked: str | None, usual: Sequence[str], what: str, path: Path) -> str:
    """Return the requested column, or one with a usual name."""
    by_name = {name.casefold().strip().replace(" ", "_"): name for name in reversed(names)}
    found = next((by_name[name] for name in usual if name in by_name), None) if asked is None else asked
    if found is None or names.count(found) != 1:
        problem = (
            f"has no column `{found}`" if found else f"has no column whose name says that it holds {what}"
        )
        if found and names.count(found) > 1:
            problem = f"has several columns `{found}`"
        raise TableInvalid(
            f"The file {problem}; there are: {listed(names)}.",
            where=str(path),
            remedy=f"Name the column with the {what}.",
        )
    return found


def _most_common(labels: Counter[str]) -> str:
    common = [f"`{key[:40]}` ({times:,})" for key, times in labels.most_common(_SHOWN_LABELS)]
    more = f" and {len(labels) - _SHOWN_LABELS:,} more" if len(labels) > _SHOWN_LABELS else ""
    return ", ".join(common) + more
