"""A finished drift check, with its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from opinionlens.drift.comparison import WindowComparison
from opinionlens.drift.report_body import WindowSource, body_of
from opinionlens.jobs.drift_check import CheckedModel
from opinionlens.jobs.drift_windows import GatheredWindow
from opinionlens.storage import Database, drift_reports


@dataclass(frozen=True)
class FinishedCheck:
    """A comparison, with its window and reference.

    Attributes:
        found: the comparison.
        source: of the window.
        start: the window's first moment.
        end: the first moment after it.
        place: where the window was found, for people.
        reference_name: the model that it was compared with, or the path of a baseline.
        reference_version: None for a folder and for a baseline.
        notes: sentences on the window.
    """

    found: WindowComparison
    source: WindowSource
    start: datetime
    end: datetime
    place: str
    reference_name: str
    reference_version: int | None
    notes: tuple[str, ...] = ()

    @classmethod
    def of_texts(cls, model: CheckedModel, window: GatheredWindow, found: WindowComparison) -> Self:
        """Return the check of a window of texts or predictions."""
        place = "the prediction log" if window.source == "prediction_log" else "a file"
        return cls(
            found,
            window.source,
            window.start,
            window.end,
            place,
            model.name,
            model.version,
            tuple(window.notes),
        )

    @property
    def reference(self) -> str:
        """The model or baseline, for people."""
        return f"{self.reference_name} {self.reference_version or ''}".strip()

    def noting(self, notes: Sequence[str]) -> Self:
        """Return the check with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def record_check(database: Database, check: FinishedCheck) -> drift_reports.DriftReport:
    """Store the report; it holds no texts.

    Raises:
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    return drift_reports.add(
        database,
        model_name=check.reference_name,
        model_version=check.reference_version,
        window=(check.start, check.end),
        has_drifted=check.found.has_drifted,
        body=body_of(check.found, source=check.source, notes=check.notes),
    )
