"""Scoring one file from end to end: written aside, then renamed, so that a half-done output never exists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from opinionlens.classifiers.classifier import Prediction
from opinionlens.errors import TableInvalid
from opinionlens.files import replacing_file
from opinionlens.scoring.columns import RowProblem, Verdict
from opinionlens.scoring.delimited import open_delimited
from opinionlens.scoring.json_lines import open_json_lines
from opinionlens.scoring.parquet import open_parquet
from opinionlens.scoring.table import Chunk, OpenTable

FORMATS: Mapping[str, OpenTable] = {
    ".csv": open_delimited,
    ".tsv": open_delimited,
    ".txt": open_delimited,
    ".jsonl": open_json_lines,
    ".ndjson": open_json_lines,
    ".json": open_json_lines,
    ".parquet": open_parquet,
    ".pq": open_parquet,
}


@dataclass(frozen=True)
class ScoreReport:
    """What became of a file.

    Attributes:
        rows: how many were read and written.
        errors: how many of them have no verdict.
        by_reason: the same by the text of their column `error`, most frequent first.
        notes: what a person should know about how the file was read; empty where all went as expected.
    """

    rows: int
    errors: int
    by_reason: Mapping[str, int]
    notes: tuple[str, ...] = ()


class Predicts(Protocol):
    """The part of a classifier that is needed here."""

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """Answer many texts at once."""


class Bar(Protocol):
    """Shows how far the work is."""

    def advance(self, amount: float = 1) -> None:
        """`amount` more of the total is done."""


class Reporter(Protocol):
    """Makes a bar for as long as a block runs."""

    def track(self, description: str, total: float | None = None) -> AbstractContextManager[Bar]:
        """Show `description`, and how much of `total` is done."""


class _Silent:
    """Shows nothing; its own bar."""

    @contextmanager
    def track(self, description: str, total: float | None = None) -> Iterator[Bar]:
        yield self

    def advance(self, amount: float = 1) -> None:
        pass


def score_file(
    classifier: Predicts,
    source: Path,
    target: Path,
    *,
    text_column: str,
    model_name: str,
    model_version: str,
    reporter: Reporter | None = None,
) -> ScoreReport:
    """Write the rows of `source` to `target` with the columns of `columns.Verdict` added.

    As many rows go out as come in, in their order. A row that cannot be scored has the reason in `error`.
    Blank lines are no rows.

    Args:
        classifier: what answers.
        source: a CSV, JSON lines or Parquet file; its name says which.
        target: the output, in the same format; replaced if it exists, untouched if anything fails.
        text_column: the name of the column with the texts.
        model_name: for the column of that name.
        model_version: for the column of that name.
        reporter: shows progress.

    Raises:
        TableInvalid: the file cannot be read as its name says, or has no such column.
    """
    opened = _format_of(source)
    if opened is not _format_of(target):
        raise TableInvalid(
            f"The output would have another format than {source.name}.",
            where=str(target),
            remedy=f"Give it a name that ends in {source.suffix.lower()}; formats are not converted.",
        )
    _check_places(source, target)
    problems: Counter[RowProblem] = Counter()
    rows = 0
    with (
        replacing_file(target) as aside,
        opened(source, aside, text_column) as table,
        (reporter or _Silent()).track(source.name, table.total()) as bar,
    ):
        shown = 0.0
        for chunk in table.chunks():
            table.write(chunk, _verdicts(classifier, chunk, model_name, model_version))
            rows += len(chunk.texts)
            problems.update(text for text in chunk.texts if isinstance(text, RowProblem))
            bar.advance(table.done() - shown)
            shown = table.done()
        notes = table.notes()
    reasons = {problem.value: count for problem, count in problems.most_common()}
    return ScoreReport(rows, sum(problems.values()), reasons, notes)


def _verdicts(classifier: Predicts, chunk: Chunk, model_name: str, model_version: str) -> list[Verdict]:
    answers = iter(classifier.predict_many([text for text in chunk.texts if isinstance(text, str)]))
    return [
        Verdict.none(text, model_name, model_version)
        if isinstance(text, RowProblem)
        else Verdict.of(next(answers), model_name, model_version)
        for text in chunk.texts
    ]


def _format_of(path: Path) -> OpenTable:
    opened = FORMATS.get(path.suffix.lower())
    if opened is None:
        raise TableInvalid(
            f"The format of {path.name} is not known by its ending.",
            where=str(path),
            remedy=f"Known are {', '.join(FORMATS)}; a spreadsheet can save its sheet as CSV.",
        )
    return opened


def _check_places(source: Path, target: Path) -> None:
    if not source.is_file():
        raise TableInvalid("There is no such file.", where=str(source), remedy="Check the path.")
    if target.exists() and target.samefile(source):
        raise TableInvalid(
            "The output would replace the input.", where=str(target), remedy="Choose another name with --out."
        )
