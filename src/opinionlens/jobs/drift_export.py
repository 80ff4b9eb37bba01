"""Export of the served window, in forms of drift sources.

It holds shares, one mean embedding and the number of texts: nothing of a single text.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from opinionlens.base.errors import InputError, TrackingError
from opinionlens.drift.baseline import shares_by_name
from opinionlens.jobs.drift_sources.disk_files import DRIFT_FOLDER
from opinionlens.jobs.drift_sources.mlflow_runs import FOLDER
from opinionlens.jobs.drift_sources.shared_table import EMBEDDINGS, SHARES, WINDOW
from opinionlens.jobs.drift_sources.window_files import FILE_NAMES, write_window_file
from opinionlens.jobs.drift_windows import GatheredWindow
from opinionlens.jobs.time_limits import finish_within
from opinionlens.storage import Database
from opinionlens.storage.shared_drift_data import add_together
from opinionlens.tracking.port import Tracking

EXPORT_RUN = "drift_export"
_SECONDS = 60.0


@dataclass(frozen=True)
class ExportedWindow:
    """A window as named values.

    Attributes:
        values: `sentiment_dist`, `texts` and `start`, with `embeddings` where the words were read.
        at: the moment after the last text.
    """

    values: dict[str, Any]
    at: datetime

    @property
    def has_embedding(self) -> bool:
        """Whether there is a mean embedding."""
        return EMBEDDINGS in self.values


def exported(window: GatheredWindow) -> ExportedWindow:
    """Return a gathered window as named values.

    Raises:
        InputError: it has no predictions.
    """
    if not window.sums.texts:
        raise InputError(
            "There are no predictions in this time.",
            remedy="Look farther back with --since, or name a --model.",
        )
    means = window.sums.means()
    values: dict[str, Any] = {
        SHARES: shares_by_name(means.labels[0]),
        "texts": means.texts,
        "start": window.start.isoformat(),
    }
    if means.embedding is not None:
        values[EMBEDDINGS] = [means.embedding[0].tolist()]
    return ExportedWindow(values, window.end)


def export_to_disk(window: ExportedWindow, folder: Path = DRIFT_FOLDER) -> str:
    """Write both files of the source `disk`; return where.

    Raises:
        OSError: the folder cannot be written; an older file stays.
    """
    # The one that readers take first goes last: a failure in between leaves the older window in force.
    for name in reversed(FILE_NAMES):
        write_window_file(folder / name, window.values, at=window.at)
    return " and ".join(str(folder / name) for name in FILE_NAMES)


def export_to_mlflow(
    window: ExportedWindow, tracking: Tracking, experiment: str, *, seconds: float = _SECONDS
) -> str:
    """Record a run that keeps both files; return where.

    Raises:
        TrackingError: MLflow does not answer, or not in time.
    """

    def record() -> str:
        with (
            tempfile.TemporaryDirectory(prefix="opinionlens-") as folder,
            tracking.start_run(experiment, EXPORT_RUN) as run,
        ):
            for path in (Path(folder) / name for name in FILE_NAMES):
                write_window_file(path, window.values, at=window.at)
                run.log_file(path, FOLDER)
            return f"run {run.id}"

    try:
        return finish_within(seconds, record, "drift-export")
    except TimeoutError as error:
        raise TrackingError(f"MLflow took longer than {seconds:.0f} s.") from error


def export_to_table(window: ExportedWindow, database: Database, setting: str) -> str:
    """Add rows to the table `drift_data`; return where.

    Raises:
        StorageUnavailable: the database does not answer, or has no such table; nothing was stored.
    """
    rows = {name: window.values[name] for name in (SHARES, EMBEDDINGS) if name in window.values}
    rows[WINDOW] = {name: window.values[name] for name in ("texts", "start")}
    add_together(database, rows, at=window.at)
    return f"table drift_data ({setting})"
