"""`opinionlens score`: a file in, the same rows with their verdicts out."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from opinionlens.cli.chosen import chosen_classifier
from opinionlens.pipeline.progress import Bars
from opinionlens.scoring import score_file


def run_score(file: Path, *, text_column: str, out: Path | None, strict: bool, model: str | None) -> int:
    """Score the file; return the exit status."""
    chosen = chosen_classifier(model)
    target = out or file.with_name(f"{file.stem}.scored{file.suffix}")
    report = score_file(
        chosen.classifier,
        file,
        target,
        text_column=text_column,
        model_name=chosen.name,
        model_version=chosen.version,
        reporter=Bars(),
    )
    console = Console(stderr=True)
    console.print(
        f"{report.rows:,} rows scored with {chosen.name} {chosen.version} → {target}", highlight=False
    )
    for reason, count in report.by_reason.items():
        console.print(f"[yellow]{count:,} not scored:[/] {reason}", highlight=False)
    return 1 if strict and report.errors else 0
