"""The port of tracking: what a run is, and what can be recorded about it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from opinionlens.base.errors import TrackingError

Param = str | int | float | bool | None

PARENT_TAG = "mlflow.parentRunId"

_NAME = re.compile(r"[\w.\- /:]{1,250}")


class RunStatus(StrEnum):
    """How a run stands. A run whose process was killed outright stays RUNNING until somebody continues it."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


@dataclass(frozen=True)
class RunRecord:
    """What was recorded about one run. Of a metric, the last value."""

    id: str
    name: str
    experiment: str
    parent: str | None
    status: RunStatus
    started: datetime
    ended: datetime | None
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


class Figure(Protocol):
    """What is asked of a picture: matplotlib's figures have it."""

    def savefig(self, file: Any, *, format: str) -> None:  # noqa: ANN401 - matplotlib's own names and types
        """Write the picture to an open binary file."""
        ...


class Run(Protocol):
    """One open run. Every call may raise TrackingError."""

    @property
    def id(self) -> str:
        """The run's identifier on its server."""
        ...

    def log_params(self, params: Mapping[str, Param]) -> None:
        """Record parameters. One that is recorded already may be repeated, not changed."""
        ...

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Record metrics; several steps of one name become a curve."""
        ...

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Add or replace tags."""
        ...

    def log_figure(self, figure: Figure, path: str) -> None:
        """Keep a picture as the file `path`, whose suffix names the format. The figure is not closed."""
        ...

    def log_text(self, text: str, path: str) -> None:
        """Keep a text as the file `path`."""
        ...

    def log_file(self, file: Path, folder: str = "") -> None:
        """Keep a copy of a file under its own name in `folder`."""
        ...

    def log_classifier(self, artefact: Path, name: str) -> str:
        """Log a classifier's folder as a model that MLflow can load and serve; return its id, `m-…`."""
        ...


class Tracking(Protocol):
    """Where runs are recorded. Every call may raise TrackingError."""

    def prepare(self) -> None:
        """Make the store ready; a new SQLite database takes some 5 s, once. Calling it is optional."""
        ...

    def start_run(
        self,
        experiment: str,
        run_name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        resume: str | None = None,
    ) -> AbstractContextManager[Run]:
        """Open a run; leaving the block ends it: FINISHED, FAILED on an error, KILLED on Ctrl-C or exit.

        Args:
            experiment: Created when it is new.
            run_name: What the page shows.
            parent: The id of the run that this one is nested in.
            tags: To search by.
            resume: The id of a run to continue instead of a new one, for example after a kill.
        """
        ...

    def log_trial(
        self,
        parent: str,
        name: str,
        params: Mapping[str, Param],
        metrics: Mapping[str, float],
        started: datetime,
        ended: datetime,
    ) -> str:
        """Record a finished run nested in `parent` in one go, in under 100 ms; return its id."""
        ...

    def run(self, run_id: str) -> RunRecord:
        """Return what was recorded about a run."""
        ...

    def find_runs(
        self, experiment: str, *, tags: Mapping[str, str] | None = None, parent: str | None = None
    ) -> list[RunRecord]:
        """Return the runs of an experiment with all these tags, newest first; none if it does not exist."""
        ...

    def fetch_file(self, run_id: str, path: str, into: Path) -> Path:
        """Put a file that a run kept into the folder `into`; return where it is."""
        ...

    def logged_classifier(self, model_id: str, into: Path) -> Path:
        """Put the classifier that was logged under this id at `into`, all or nothing, and return `into`."""
        ...

    def run_of_classifier(self, model_id: str) -> str | None:
        """Return the id of the run that logged this classifier."""
        ...


def check_names(names: Iterable[str]) -> None:
    """Raise TrackingError for the name of a parameter, metric or tag that MLflow would refuse."""
    wrong = [name for name in names if _NAME.fullmatch(name) is None or posixpath.normpath(name) != name]
    if wrong:
        raise TrackingError(
            f"{wrong[0]!r} cannot be recorded under that name.",
            remedy="Use letters, digits, spaces and . _ - / : only, as in `test/f1`, at most 250 of them.",
        )
