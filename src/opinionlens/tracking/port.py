"""The port of tracking: runs and their records."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from opinionlens.base.errors import TrackingError

Param = str | int | float | bool | None

PARENT_TAG = "mlflow.parentRunId"

_NAME = re.compile(r"[\w.\- /:]{1,250}")


class RunStatus(StrEnum):
    """The state of a run.

    A run whose process was killed outright stays RUNNING until it is continued.
    """

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


@dataclass(frozen=True)
class RunRecord:
    """The record of one run.

    Of a metric it has the last value.
    """

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


@dataclass(frozen=True)
class RunFile:
    """A file that a run kept, with its size.

    Attributes:
        path: below the run's files, with `/`.
        size: bytes; None where the store does not say.
    """

    path: str
    size: int | None


class Run(Protocol):
    """One open run. Every call may raise TrackingError."""

    @property
    def id(self) -> str:
        """The run's identifier on its server."""
        ...

    def log_params(self, params: Mapping[str, Param]) -> None:
        """Record parameters.

        One that is recorded already may be repeated, not changed.
        """
        ...

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Record metrics; several steps of one name become a curve."""
        ...

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Add or replace tags."""
        ...

    def log_file(self, file: Path, folder: str = "") -> None:
        """Keep a copy of a file in `folder`.

        The copy has the file's own name.
        """
        ...

    def log_classifier(self, artifact: Path, name: str) -> str:
        """Log a classifier's folder as a model; return its id.

        MLflow can load and serve the model. The id has the form `m-…`.
        """
        ...


class Tracking(Protocol):
    """A store of runs.

    Every call may raise TrackingError.
    """

    def prepare(self) -> None:
        """Make the store ready.

        A new SQLite database takes some 5 s, once. Calling this is optional.
        """
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
        """Open a run that ends with the block.

        It ends as FINISHED, as FAILED on an error, as KILLED on Ctrl-C or exit.

        Args:
            experiment: Created when it is new.
            run_name: The name that the page shows.
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
        """Record a finished run nested in `parent`; return its id.

        It is recorded in one go, in under 100 ms.
        """
        ...

    def run(self, run_id: str) -> RunRecord:
        """Return the record of a run."""
        ...

    def find_runs(
        self, experiment: str, *, tags: Mapping[str, str] | None = None, parent: str | None = None
    ) -> list[RunRecord]:
        """Return an experiment's runs with these tags, newest first.

        Each run has all of the tags. None if the experiment does not exist.
        """
        ...

    def recent_runs(self, *, most: int, without_name: str) -> list[RunRecord]:
        """Return the newest runs of all experiments, newest first.

        Args:
            most: at most so many, of up to 1,000.
            without_name: runs of this name are left out.
        """
        ...

    def files_of(self, run_id: str, folder: str) -> list[RunFile]:
        """Return the files that a run kept in a folder."""
        ...

    def fetch_file(self, run_id: str, path: str, into: Path) -> Path:
        """Put a run's file into a folder; return its path."""
        ...

    def logged_classifier(self, model_id: str, into: Path) -> Path:
        """Put a logged classifier at `into` and return `into`.

        All of its files or none.
        """
        ...

    def run_of_classifier(self, model_id: str) -> str | None:
        """Return the id of the run that logged this classifier."""
        ...


def check_names(names: Iterable[str]) -> None:
    """Raise TrackingError for a name that MLflow would refuse.

    The names are those of parameters, metrics and tags.
    """
    wrong = [name for name in names if _NAME.fullmatch(name) is None or posixpath.normpath(name) != name]
    if wrong:
        raise TrackingError(
            f"{wrong[0]!r} cannot be recorded under that name.",
            remedy="Use letters, digits, spaces and . _ - / : only, as in `test/f1`, at most 250 of them.",
        )
