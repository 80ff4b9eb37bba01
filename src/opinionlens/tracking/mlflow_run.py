"""An open run in MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from opinionlens.base.errors import TrackingError
from opinionlens.base.mlflow_client import Client
from opinionlens.tracking.port import Param, check_names


class RunStore(Protocol):
    """The part of `MlflowTracking` that its open runs use."""

    @property
    def client(self) -> Client:
        """MLflow's client."""
        ...

    def translating(self) -> AbstractContextManager[None]:
        """Raise MLflow's errors as TrackingError."""
        ...

    def log_batch(
        self,
        run_id: str,
        *,
        params: Mapping[str, Param] | None = None,
        metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, str] | None = None,
        step: int = 0,
    ) -> None:
        """Record parameters, metrics and tags in few requests."""

    def log_classifier(self, artifact: Path, name: str, experiment_id: str, run_id: str) -> str:
        """Log a classifier for a run; return the model's id."""
        ...


class MlflowRun:
    """An open run; see `Run` for its methods."""

    def __init__(self, run_id: str, experiment_id: str, store: RunStore) -> None:
        """Represent a run that exists."""
        self._id = run_id
        self._experiment_id = experiment_id
        self._store = store

    @property
    def id(self) -> str:
        """See `Run.id`."""
        return self._id

    def log_params(self, params: Mapping[str, Param]) -> None:
        """See `Run.log_params`."""
        self._store.log_batch(self._id, params=params)

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """See `Run.log_metrics`."""
        self._store.log_batch(self._id, metrics=metrics, step=step)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """See `Run.set_tags`."""
        self._store.log_batch(self._id, tags=tags)

    def log_file(self, file: Path, folder: str = "") -> None:
        """See `Run.log_file`."""
        if not file.is_file():
            raise TrackingError("The file to keep cannot be read.", where=str(file))
        with self._store.translating():
            self._store.client.log_artifact(self._id, str(file), folder or None)

    def log_classifier(self, artifact: Path, name: str) -> str:
        """See `Run.log_classifier`."""
        check_names([name])
        return self._store.log_classifier(artifact, name, self._experiment_id, self._id)
