"""`opinionlens score`: a file in, the same rows with their verdicts out."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from opinionlens.base.progress import Bars
from opinionlens.bulk import ScoreReport, score_file
from opinionlens.cli.chosen import Chosen, chosen_classifier
from opinionlens.tabular.formats import format_of, stem_of
from opinionlens.tabular.packing import content_format


def run_score(
    file: Path,
    *,
    text_column: str,
    out: Path | None,
    strict: bool,
    model: str | None,
    spreadsheet_safe: bool = False,
) -> int:
    """Score the file; return the exit status.

    Without `out` the current folder gets NAME.scored.EXT, in the input's format. The input's own folder may
    be one that only its owner changes, as `data/raw` is.
    """
    chosen = chosen_classifier(model)
    target = out or Path(f"{stem_of(file)}.scored{content_format(file).ending}{format_of(file).packing}")
    report = score_file(
        chosen.classifier,
        file,
        target,
        text_column=text_column,
        model_name=chosen.name,
        model_version=chosen.version,
        spreadsheet_safe=spreadsheet_safe,
        reporter=Bars(),
    )
    _tell(report, chosen, target)
    return 1 if strict and report.errors else 0


def _tell(report: ScoreReport, chosen: Chosen, target: Path) -> None:
    """Say what became of the rows; a name of a file or a column may look like rich's markup and is none."""
    console = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
    scored = report.rows - report.errors
    console.print(f"{report.rows:,} rows, {scored:,} scored with {chosen.name} {chosen.version} → {target}")
    for reason, count in report.by_reason.items():
        console.print(f"{count:,} not scored: {reason}", style="yellow")
    for note in report.notes:
        console.print(note, style="yellow")
