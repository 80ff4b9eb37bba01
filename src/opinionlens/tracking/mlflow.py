"""Runs recorded with MLflow.

On a server, or straight in a database such as `sqlite:///mlruns.db`. MLflow's process-wide state (its
tracking address, the "active run") is never touched: several stores can be open in one process, and nothing
that a library logs on its own lands in our runs.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol

from opinionlens.base.errors import ArtifactError, ArtifactUnsupported, OpinionLensError, TrackingError
from opinionlens.base.mlflow_client import (
    PAIRS_PER_BATCH,
    Client,
    Row,
    all_pages,
    broken_line,
    quiet_environment,
)
from opinionlens.base.timestamps import as_milliseconds, as_time
from opinionlens.base.urls import shown, with_absolute_path
from opinionlens.tracking.ending import ending_status
from opinionlens.tracking.experiments import Experiments
from opinionlens.tracking.mlflow_run import MlflowRun
from opinionlens.tracking.port import PARENT_TAG, Param, RunFile, RunRecord, RunStatus, check_names
from opinionlens.tracking.sqlite import prepare_database

_LIMITS = {
    # Of itself MLflow tries a dead server for four minutes.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
_DIGEST_TAG = "digest"
_SETTING = "MLFLOW__LOCAL_TRACKING_URI"


class LoggedModels(Protocol):
    """Functions that log and fetch classifiers as MLflow models.

    `opinionlens.registry.mlflow` has both.
    """

    @property
    def log_model(self) -> Callable[..., str]:
        """The function that logs a classifier.

        It is called with (client, artifact, name=, experiment_id=, run_id=) and returns the model's id.
        """
        ...

    @property
    def fetch_model(self) -> Callable[..., Path]:
        """The function that fetches a logged classifier.

        It is called with (location, into, uri=, digest=) and returns `into`.
        """
        ...


class MlflowTracking:
    """MLflow's store of runs.

    Importing MLflow takes 3 to 10 s, once, at the first use.
    """

    def __init__(
        self,
        uri: str,
        *,
        models: LoggedModels,
        setting: str = _SETTING,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the arguments; import and connect nothing.

        Args:
            uri: The MLflow server, `http://…`, or a database. A relative SQLite path is taken from here on as
                it is meant now, whatever the working folder becomes; its files go to `mlruns/` beside it.
            models: The module `opinionlens.registry.mlflow`, which this one does not import.
            setting: The name of the setting with the address, for messages.
            environment: More variables that MLflow reads, such as a login, where they are not set yet.
        """
        self._uri = with_absolute_path(uri)
        self._models = models
        self._setting = setting
        self._variables = {**quiet_environment(), **_LIMITS, **(environment or {})}
        self._experiments = Experiments(self._uri)
        self._experiment_of_parent: dict[str, str] = {}

    def prepare(self) -> None:
        """See `Tracking.prepare`."""
        with self.translating():
            self.client.search_experiments(max_results=1)

    @contextmanager
    def start_run(
        self,
        experiment: str,
        run_name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        resume: str | None = None,
    ) -> Iterator[MlflowRun]:
        """See `Tracking.start_run`."""
        check_names(tags or {})
        with self.translating():
            if resume is None:
                run = self._new_run(
                    self._experiments.id_of(self.client, experiment), run_name, parent, tags or {}
                )
            else:
                run = self.client.get_run(resume)
                self.client.update_run(resume, status=RunStatus.RUNNING)
                self.log_batch(resume, tags=tags or {})
        run_id = str(run.info.run_id)
        try:
            yield MlflowRun(run_id, str(run.info.experiment_id), self)
        except BaseException as error:  # also Ctrl-C: the run has to end with the right status
            self._end_after(error, run_id)
            raise
        with self.translating():
            self.client.set_terminated(run_id, RunStatus.FINISHED)

    def log_trial(
        self,
        parent: str,
        name: str,
        params: Mapping[str, Param],
        metrics: Mapping[str, float],
        started: datetime,
        ended: datetime,
    ) -> str:
        """See `Tracking.log_trial`."""
        check_names([*params, *metrics])
        with self.translating():
            if parent not in self._experiment_of_parent:
                self._experiment_of_parent[parent] = self.client.get_run(parent).info.experiment_id
            experiment_id = self._experiment_of_parent[parent]
            run_id = str(self._new_run(experiment_id, name, parent, {}, started).info.run_id)
            self.log_batch(run_id, params=params, metrics=metrics, at=ended)
            self.client.set_terminated(run_id, RunStatus.FINISHED, end_time=as_milliseconds(ended))
            return run_id

    def run(self, run_id: str) -> RunRecord:
        """See `Tracking.run`."""
        with self.translating():
            return self._record(self.client.get_run(run_id))

    def find_runs(
        self, experiment: str, *, tags: Mapping[str, str] | None = None, parent: str | None = None
    ) -> list[RunRecord]:
        """See `Tracking.find_runs`."""
        wanted = {**(tags or {}), **({PARENT_TAG: parent} if parent else {})}
        check_names(wanted)
        # MLflow's filters have no way to write a quote inside a value: such a tag is only compared here.
        conditions = [f"tags.`{tag}` = '{value}'" for tag, value in wanted.items() if "'" not in value]
        with self.translating():
            if self.client.get_experiment_by_name(experiment) is None:
                return []
            rows = all_pages(
                self.client.search_runs,
                [self._experiments.id_of(self.client, experiment)],
                " and ".join(conditions),
                order_by=["attributes.start_time DESC"],
            )
            return [self._record(row) for row in rows if wanted.items() <= row.data.tags.items()]

    def recent_runs(self, *, most: int, without_name: str) -> list[RunRecord]:
        """See `Tracking.recent_runs`."""
        check_names([without_name])
        with self.translating():
            experiments = all_pages(self.client.search_experiments)
            ids = [each.experiment_id for each in experiments]
            # One page: a store with many runs is not read to its end.
            rows = self.client.search_runs(
                ids,
                f"attributes.run_name != '{without_name}'",
                max_results=most,
                order_by=["attributes.start_time DESC"],
            )
            return [self._record(row) for row in rows]

    def files_of(self, run_id: str, folder: str) -> list[RunFile]:
        """See `Tracking.files_of`."""
        with self.translating():
            found = self.client.list_artifacts(run_id, folder)
            return [RunFile(each.path, each.file_size) for each in found if not each.is_dir]

    def fetch_file(self, run_id: str, path: str, into: Path) -> Path:
        """See `Tracking.fetch_file`."""
        into.mkdir(parents=True, exist_ok=True)
        with self.translating():
            found = Path(self.client.download_artifacts(run_id, path, str(into)))
            return found.replace(into / found.name)

    def logged_classifier(self, model_id: str, into: Path) -> Path:
        """See `Tracking.logged_classifier`."""
        with self.translating():
            model = self.client.get_logged_model(model_id)
            digest = model.tags.get(_DIGEST_TAG)
            if not digest:
                remedy = "Take the id that `dvc repro tune_sklearn` printed, or train again."
                raise ArtifactUnsupported(
                    "OpinionLens did not log this model.", where=model_id, remedy=remedy
                )
            return self._models.fetch_model(model.artifact_location, into, uri=self._uri, digest=digest)

    def run_of_classifier(self, model_id: str) -> str | None:
        """See `Tracking.run_of_classifier`."""
        with self.translating():
            return self.client.get_logged_model(model_id).source_run_id or None

    def log_classifier(self, artifact: Path, name: str, experiment_id: str, run_id: str) -> str:
        """Log a classifier for a run; for MlflowRun."""
        with self.translating():
            return self._models.log_model(
                self.client, artifact, name=name, experiment_id=experiment_id, run_id=run_id
            )

    def log_batch(
        self,
        run_id: str,
        *,
        params: Mapping[str, Param] | None = None,
        metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, str] | None = None,
        step: int = 0,
        at: datetime | None = None,
    ) -> None:
        """Record parameters, metrics and tags in few requests.

        For MlflowRun.
        """
        check_names([*(params or {}), *(metrics or {}), *(tags or {})])
        with self.translating():
            from mlflow import entities

            time = as_milliseconds(at or datetime.now(UTC))
            rows = {
                "params": [entities.Param(name, str(value)) for name, value in (params or {}).items()],
                "tags": [entities.RunTag(name, value) for name, value in (tags or {}).items()],
                "metrics": [
                    entities.Metric(name, float(value), time, step) for name, value in (metrics or {}).items()
                ],
            }
            for first in range(0, max(len(kind) for kind in rows.values()), PAIRS_PER_BATCH):
                part = {kind: found[first : first + PAIRS_PER_BATCH] for kind, found in rows.items()}
                self.client.log_batch(run_id, **part)

    @cached_property
    def client(self) -> Client:
        """MLflow's client.

        The first use imports MLflow, and makes the database when it is new.
        """
        for name, value in self._variables.items():
            os.environ.setdefault(name, value)
        try:
            from mlflow import MlflowClient
        except ImportError as error:
            raise TrackingError(
                "MLflow is not installed.", remedy="Install it with `pip install 'opinionlens[pipeline]'`."
            ) from error
        prepare_database(self._uri, setting=self._setting)
        try:
            return MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
        except Exception as error:  # whatever the driver of some database raises
            raise self._failure(error) from error

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Raise MLflow's errors as TrackingError.

        Errors about the artifact itself stay.
        """
        try:
            yield
        except (ArtifactError, TrackingError):
            raise
        except Exception as error:  # MLflow lets errors of requests, drivers and stores through
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> TrackingError:
        place = shown(self._uri)
        if reason := broken_line(error):
            remedy = f"Check that the MLflow server runs and {self._setting} is its address."
            return TrackingError(f"MLflow does not answer: {reason}.", where=place, remedy=remedy)
        what = error.what if isinstance(error, OpinionLensError) else str(error).strip().partition("\n")[0]
        what = what.replace(self._uri, place) or type(error).__name__
        return TrackingError(f"MLflow cannot do that: {what}", where=place)

    def _new_run(
        self,
        experiment_id: str,
        name: str,
        parent: str | None,
        tags: Mapping[str, str],
        started: datetime | None = None,
    ) -> Row:
        own = {"mlflow.user": _user(), "mlflow.source.name": Path(sys.argv[0]).name, **tags}
        if parent is not None:
            own[PARENT_TAG] = parent
        start_time = as_milliseconds(started or datetime.now(UTC))
        return self.client.create_run(experiment_id, start_time=start_time, tags=own, run_name=name)

    def _end_after(self, error: BaseException, run_id: str) -> None:
        try:
            self.client.set_terminated(run_id, ending_status(error))
        except Exception as second:  # whatever MLflow raises: the first error is the one to be told
            error.add_note(f"The run {run_id} could not be ended: {second}")

    def _record(self, row: Row) -> RunRecord:
        info, data = row.info, row.data
        experiment = self._experiments.name_of(self.client, info.experiment_id)
        known = info.status in RunStatus.__members__
        return RunRecord(
            id=info.run_id,
            name=info.run_name,
            experiment=experiment,
            parent=data.tags.get(PARENT_TAG),
            status=RunStatus(info.status) if known else RunStatus.RUNNING,
            started=as_time(info.start_time),
            ended=as_time(info.end_time) if info.end_time and info.status != RunStatus.RUNNING else None,
            params=dict(data.params),
            metrics=dict(data.metrics),
            tags=dict(data.tags),
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "unknown"
