"""`opinionlens evaluate`: is a model good for these labelled texts?"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from opinionlens.base.errors import ArtifactError, OpinionLensError, RegistryError
from opinionlens.base.progress import Bars, Reporter
from opinionlens.bulk.labelled_rows import answers_of, facts_of, rows_of
from opinionlens.cli.chosen import Chosen, chosen_classifier
from opinionlens.cli.evaluate_table import print_report
from opinionlens.cli.html_report import HtmlReport
from opinionlens.cli.telling import tell
from opinionlens.datasets.label_spellings import told_labels
from opinionlens.datasets.own_rows import Wanted, read_own_rows
from opinionlens.evaluation.own_data import Answers, measured
from opinionlens.evaluation.own_data_report import OwnDataReport
from opinionlens.text import vader
from opinionlens.web.pages.report_view import report_file

T = TypeVar("T")

_AT_ONCE = 500


@dataclass(frozen=True)
class EvaluationRequest:
    """One evaluation, as the command's options describe it."""

    model: str
    file: Path
    text_column: str | None = None
    label_column: str | None = None
    labels: Sequence[str] = ()
    max_rows: int = 10_000
    seed: int = 0
    with_champion: bool = True


def run_evaluate(
    order: EvaluationRequest, *, as_json: bool, html: Path | None, reporter: Reporter | None = None
) -> None:
    """Measure a model and print the report.

    The HTML file is written beside the text or JSON.
    """
    page = (
        HtmlReport.opened(html, "report.css") if html else None
    )  # its problems come before the work, not behind it
    report = measure(order, reporter or Bars())
    if page:
        page.write(partial(report_file, report=report))
        tell(f"Written: {html}")
    if as_json:
        sys.stdout.write(json.dumps(report.as_dict(), ensure_ascii=True, indent=2) + "\n")
    else:
        print_report(report, Console(markup=False, emoji=False, highlight=False))


def measure(order: EvaluationRequest, reporter: Reporter) -> OwnDataReport:
    """Read the rows, ask the models, compare.

    Raises:
        InputError: the file, its labels or the name of the model are not usable.
        ArtifactError: the model may not serve.
        RegistryError: the model cannot be fetched.
    """
    told = told_labels(order.labels)
    chosen = chosen_classifier(order.model)
    wanted = Wanted(order.text_column, order.label_column, told, order.max_rows, order.seed)
    with reporter.track(f"reading {order.file.name} twice", unit="row") as bar:
        own = read_own_rows(order.file, wanted, on_rows=bar.advance)
    answers = _asked(chosen, own.texts, reporter)
    champion, why_not = _champion(chosen, order)
    theirs = None if champion is None else _asked(champion, own.texts, reporter, called=" (champion)")
    return measured(
        facts_of(own),
        rows_of(own),
        answers,
        compounds=_in_parts("VADER", _compounds, own.texts, reporter),
        champion=theirs,
        without_champion=why_not,
        seed=order.seed,
    )


def _asked(chosen: Chosen, texts: Sequence[str], reporter: Reporter, *, called: str = "") -> Answers:
    name = f"{chosen.name} {chosen.version}{called}"
    predictions = _in_parts(name, chosen.classifier.predict_many, texts, reporter)
    return answers_of(name, chosen.classifier.manifest, predictions)


def _in_parts(
    name: str, work: Callable[[Sequence[str]], list[T]], texts: Sequence[str], reporter: Reporter
) -> list[T]:
    results: list[T] = []
    with reporter.track(f"asking {name}", len(texts), unit="text") as bar:
        for start in range(0, len(texts), _AT_ONCE):
            part = texts[start : start + _AT_ONCE]
            results += work(part)
            bar.advance(len(part))
    return results


def _compounds(texts: Sequence[str]) -> list[float]:
    return [vader.compound(text) for text in texts]


def _champion(chosen: Chosen, order: EvaluationRequest) -> tuple[Chosen | None, str | None]:
    """Return the champion to compare with, or the reason against.

    Both are None where no comparison is wanted, or where the champion is the same classifier.
    """
    if not order.with_champion:
        return None, None
    try:
        champion = chosen_classifier(None)
    except (RegistryError, ArtifactError) as error:
        return None, _in_words(error)
    return (None, None) if champion.digest == chosen.digest else (champion, None)


def _in_words(error: OpinionLensError) -> str:
    return " ".join(part for part in (error.what, error.remedy) if part)
