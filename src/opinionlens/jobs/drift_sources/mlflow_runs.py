"""The source `mlflow`: files of the last 100 runs.

`drift/recent.npz` or `drift/recent.json`, of any experiment; the newest run that has one counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from opinionlens.base.errors import InputError, OpinionLensError, TrackingError
from opinionlens.drift.window_summary import WindowSummary, summary_in
from opinionlens.jobs.drift_sources.drift_source import SourceName, broken, nothing_there
from opinionlens.jobs.drift_sources.window_files import FILE_NAMES, MOST_BYTES, read_window_file
from opinionlens.jobs.time_limits import finish_within
from opinionlens.tracking.port import RunFile, RunRecord, Tracking

FOLDER = "drift"
# The run that each check records; hourly ones would push all others out of the last hundred.
MONITORING_RUN = "drift_monitoring"
_RUNS = 100
_SECONDS = 60.0


class MlflowRunsSource:
    """The newest window among the files of recent runs."""

    name: SourceName = "mlflow"

    def __init__(self, tracking: Tracking, *, seconds: float = _SECONDS) -> None:
        """Ask nothing yet; `seconds` limit the whole search."""
        self._tracking = tracking
        self._seconds = seconds

    def newest(self) -> WindowSummary:
        """See `DriftSource.newest`.

        A window without a time has that of its run's start.
        """
        try:
            return finish_within(self._seconds, self._search, "mlflow-window")
        except TimeoutError as error:
            raise broken(TrackingError(f"MLflow took longer than {self._seconds:.0f} s.")) from error
        except (TrackingError, InputError) as error:
            raise broken(error) from error

    def _search(self) -> WindowSummary:
        for run, file in self._candidates():
            place = f"run {run.id}, {file.path}"
            if (file.size or 0) > MOST_BYTES:
                raise InputError(f"The file is larger than {MOST_BYTES // 1_000_000} MB.", where=place)
            with tempfile.TemporaryDirectory(prefix="opinionlens-") as folder:
                fetched = self._tracking.fetch_file(run.id, file.path, Path(folder))
                return summary_in(read_window_file(fetched, place=place), at=run.started, place=place)
        names = " or ".join(f"{FOLDER}/{name}" for name in FILE_NAMES)
        raise nothing_there(f"None of the last {_RUNS} runs kept {names}.")

    def _candidates(self) -> Iterator[tuple[RunRecord, RunFile]]:
        for run in self._tracking.recent_runs(most=_RUNS, without_name=MONITORING_RUN):
            files = self._files_of(run)
            for name in FILE_NAMES:
                if f"{FOLDER}/{name}" in files:
                    yield run, files[f"{FOLDER}/{name}"]

    def _files_of(self, run: RunRecord) -> dict[str, RunFile]:
        try:
            return {file.path: file for file in self._tracking.files_of(run.id, FOLDER)}
        except OpinionLensError:
            # One run's folder may be gone or elsewhere; that says nothing of the others.
            return {}
