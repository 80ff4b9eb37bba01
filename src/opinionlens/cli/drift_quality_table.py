"""The quality of served answers on a terminal."""

from __future__ import annotations

from opinionlens.cli.printed_tables import show_table
from opinionlens.cli.telling import tell
from opinionlens.drift.comparison import WindowComparison
from opinionlens.drift.quality_words import quality_notes, quality_rows, quality_summary
from opinionlens.drift.report_content import quality_of


def print_quality(found: WindowComparison) -> None:
    """Print expected and realised quality of a window's answers."""
    quality = None if found.quality is None else quality_of({"quality": found.quality.as_body()})
    if quality is None:
        return
    show_table(("Quality of answers", "Accuracy", "Macro F1"), list(quality_rows(quality)))
    tell(quality_summary(quality))
    for note in quality_notes(quality, has_drifted=found.has_drifted):
        tell(note)
