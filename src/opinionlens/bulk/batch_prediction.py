"""Predictions for a file, from reading to writing.

The output is written aside, then renamed, so that a half-done one never exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from opinionlens.base.errors import TableInvalid
from opinionlens.base.files import replacing_file
from opinionlens.base.progress import Quiet, Reporter
from opinionlens.bulk.result_columns import ADDED, ResultRow, renaming_note
from opinionlens.classifiers.prediction import Prediction
from opinionlens.tabular.chunk import RowSource, TextOrProblem
from opinionlens.tabular.formats import FileFormat, format_of, stem_of
from opinionlens.tabular.opening import check_plain_file, open_source
from opinionlens.tabular.packing import content_format
from opinionlens.tabular.row_problems import RowProblem
from opinionlens.tabular.targets import Target, open_target


@dataclass(frozen=True)
class BatchReport:
    """The counts and notes of one predicted file.

    Attributes:
        rows: how many were read and written.
        errors: how many of them have no prediction.
        by_reason: the same by the text of their column `error`, most frequent first.
        notes: sentences on how the file was read; empty where all went as expected.
    """

    rows: int
    errors: int
    by_reason: Mapping[str, int]
    notes: tuple[str, ...] = ()


class Predicts(Protocol):
    """The part of a classifier that is needed here."""

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict many texts at once."""


def predict_rows(
    classifier: Predicts,
    source: Path,
    target: Path,
    *,
    text_column: str,
    model_name: str,
    model_version: str,
    spreadsheet_safe: bool = False,
    reporter: Reporter | None = None,
) -> BatchReport:
    """Write the rows of `source` with predictions to `target`.

    The columns of `result_columns.ResultRow` are added. As many rows go out as come in, in their order. A row
    without a prediction has the reason in `error`. Blank lines are no rows.

    Args:
        classifier: makes the predictions.
        source: a file of one of the formats in `tabular.formats`; its name says which.
        target: the output; its name says the format, which may be another. It is replaced if it exists,
            untouched if anything fails.
        text_column: the name of the column with the texts.
        model_name: for the column of that name.
        model_version: for the column of that name.
        spreadsheet_safe: put an apostrophe where a cell of a delimited output could begin a formula.
        reporter: shows progress.

    Raises:
        TableInvalid: the file cannot be read as its name says, or has no such column.
    """
    _check_places(source, target)
    form = _format_of_target(source, target)
    tally = _Tally()
    with (
        open_source(source, text_column) as rows,
        replacing_file(target) as aside,
        open_target(aside, form, rows, ADDED, stem=stem_of(target), is_safe=spreadsheet_safe) as output,
        (reporter or Quiet()).track(source.name, rows.total(), unit=rows.unit) as bar,
    ):
        for done in _write_all(classifier, rows, output, (model_name, model_version), tally):
            bar.advance(done)
    renaming = renaming_note(rows.renamings(list(ADDED)))
    notes = (*filter(None, (renaming,)), *rows.notes(), *output.notes())
    reasons = {problem.value: count for problem, count in tally.problems.most_common()}
    return BatchReport(tally.rows, tally.problems.total(), reasons, notes)


@dataclass
class _Tally:
    """Counts of the rows and of their problems."""

    rows: int = 0
    problems: Counter[RowProblem] = field(default_factory=Counter)


def _write_all(
    classifier: Predicts, source: RowSource, target: Target, model: tuple[str, str], tally: _Tally
) -> Iterator[float]:
    """Predict and write chunk by chunk.

    Yields how much of the input each chunk was.
    """
    shown = 0.0
    for chunk in source.chunks():
        target.write(chunk, _result_rows(classifier, chunk.texts, *model))
        tally.rows += len(chunk.texts)
        tally.problems.update(text for text in chunk.texts if isinstance(text, RowProblem))
        done = source.done()
        yield done - shown
        shown = done


def _result_rows(
    classifier: Predicts, texts: Sequence[TextOrProblem], model_name: str, model_version: str
) -> list[ResultRow]:
    answers = iter(classifier.predict_many([text for text in texts if isinstance(text, str)]))
    return [
        ResultRow.none(text, model_name, model_version)
        if isinstance(text, RowProblem)
        else ResultRow.of(next(answers), model_name, model_version)
        for text in texts
    ]


def _format_of_target(source: Path, target: Path) -> FileFormat:
    form = format_of(target)
    return form if form.ending else FileFormat(content_format(source).ending, form.packing)


def _check_places(source: Path, target: Path) -> None:
    check_plain_file(source)
    if target.exists() and target.samefile(source):
        raise TableInvalid(
            "The output would replace the input.", where=str(target), remedy="Choose another name with --out."
        )
