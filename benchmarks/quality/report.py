"""Figures as Markdown, as JSON and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from benchmarks.quality.measuring import Figures
from benchmarks.quality.picture import drawn, write_svg
from benchmarks.serving.figures import markdown_table

from opinionlens.base.files import replacing_file, write_json
from opinionlens.evaluation.codes import Codes
from opinionlens.evaluation.intervals import Interval
from opinionlens.evaluation.polarity import is_two_class
from opinionlens.text.labels import LABELS

_DASH = "–"
_LEARNT = "†"
# Beyond that colours would come a second time.
_PICTURED = 7
_HEAD = ("", "macro recall", "macro F1", "ahead of {rival}", "ECE", "uncertain", "error when sure")


@dataclass(frozen=True)
class Measured:
    """One set: its labels, what was left out, and the figures of each contender, the rival first."""

    name: str
    truth: Codes
    seen: int
    figures: dict[str, Figures]
    learnt: frozenset[str] = frozenset()

    @property
    def rival(self) -> str:
        """Whom the others are compared with."""
        return next(iter(self.figures))

    def described(self) -> str:
        """Return the set in one line: how many texts of each class, and what decides."""
        counts = np.bincount(self.truth, minlength=len(LABELS))
        classes = ", ".join(
            f"{count:,} {label.value.lower()}" for label, count in zip(LABELS, counts, strict=True) if count
        )
        parts = [f"n = {len(self.truth):,} ({classes})"]
        if is_two_class(self.truth):
            parts.append("the sign decides, ties count half")
        if self.seen:
            parts.append(f"{self.seen:,} texts left out that the model has learnt")
        return "; ".join(parts) + "."


def markdown(sets: Sequence[Measured]) -> str:
    """Return the macro recall of all on all, then a table for each set."""
    parts = [_overview(sets)]
    for one in sets:
        head = [cell.format(rival=one.rival) for cell in _HEAD]
        rows = [_cells(one, name, figures) for name, figures in one.figures.items()]
        parts.append(f"**{one.name}**: {one.described()}\n\n{markdown_table(head, rows)}")
    if any(one.learnt for one in sets):
        parts.append(f"{_LEARNT} has learnt from this data set: no fair comparison.")
    return "\n\n".join(parts) + "\n"


def _overview(sets: Sequence[Measured]) -> str:
    head = ["", *(f"{one.name} (n = {len(one.truth):,})" for one in sets)]
    rows = [
        [name, *(f"{one.figures[name].macro_recall.value:.3f}{_mark(one, name)}" for one in sets)]
        for name in sets[0].figures
    ]
    return f"Macro recall:\n\n{markdown_table(head, rows)}"


def _cells(one: Measured, name: str, figures: Figures) -> list[str]:
    return [
        name + _mark(one, name),
        _limits(figures.macro_recall),
        _limits(figures.macro_f1),
        _DASH if figures.ahead is None else _signed_limits(figures.ahead),
        _DASH if figures.ece is None else f"{figures.ece:.3f}",
        _DASH if figures.uncertain is None else f"{figures.uncertain:.1%}",
        _DASH if figures.error_when_sure is None else _shares(figures.error_when_sure),
    ]


def _mark(one: Measured, name: str) -> str:
    return f" {_LEARNT}" if name in one.learnt else ""


def _limits(one: Interval) -> str:
    return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def _signed_limits(one: Interval) -> str:
    return f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})".replace("-", "−")


def _shares(one: Interval) -> str:
    return f"{one.value:.1%} ({one.low:.1%} to {one.high:.1%})"


def as_dict(sets: Sequence[Measured]) -> dict[str, object]:
    """Return plain JSON values: every figure, by set and contender."""
    return {
        one.name: {
            "n": len(one.truth),
            "two_class": is_two_class(one.truth),
            "left_out_as_learnt": one.seen,
            "contenders": {
                name: asdict(figures) | {"has_learnt_from_it": name in one.learnt}
                for name, figures in one.figures.items()
            },
        }
        for one in sets
    }


def write(sets: Sequence[Measured], folder: Path) -> None:
    """Write `quality.md`, `quality.json` and, with the first seven contenders, `quality.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing_file(folder / "quality.md") as aside:
        aside.write_text(markdown(sets), encoding="utf-8")
    write_json(folder / "quality.json", as_dict(sets))
    values = {
        f"{one.name} (n = {len(one.truth):,})": {
            name: one.figures[name].macro_recall
            for name in list(one.figures)[:_PICTURED]
            if name not in one.learnt
        }
        for one in sets
    }
    write_svg(drawn(values), folder / "quality.svg")
