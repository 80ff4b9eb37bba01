"""Tracking's double: runs in memory.

It keeps every rule of the port, and ships.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path, PurePosixPath
from threading import RLock
from uuid import uuid4

from opinionlens.base.errors import ArtifactMissing, TrackingError
from opinionlens.base.files import replacing_directory
from opinionlens.tracking.ending import ending_status
from opinionlens.tracking.port import Param, RunFile, RunRecord, RunStatus, check_names


@dataclass
class _Kept:
    """One run while it is being written."""

    id: str
    name: str
    experiment: str
    parent: str | None
    started: datetime
    status: RunStatus = RunStatus.RUNNING
    ended: datetime | None = None
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class _LoggedModel:
    run_id: str
    files: Mapping[str, bytes]


class MemoryRun:
    """An open run of MemoryTracking; see `Run` for its methods."""

    def __init__(self, kept: _Kept, answering: Callable[[], RLock], models: dict[str, _LoggedModel]) -> None:
        """Write into `kept` and `models`, which belong to the tracking."""
        self._kept = kept
        self._answering = answering
        self._models = models

    @property
    def id(self) -> str:
        """See `Run.id`."""
        return self._kept.id

    def log_params(self, params: Mapping[str, Param]) -> None:
        """See `Run.log_params`."""
        check_names(params)
        with self._answering():
            for name, value in params.items():
                if self._kept.params.setdefault(name, str(value)) != str(value):
                    raise TrackingError(
                        f"The parameter {name} is {self._kept.params[name]} already, not {value}.",
                        where=self.id,
                    )

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """See `Run.log_metrics`."""
        check_names(metrics)
        with self._answering():
            for name, value in metrics.items():
                self._kept.metrics.setdefault(name, []).append((step, float(value)))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """See `Run.set_tags`."""
        check_names(tags)
        with self._answering():
            self._kept.tags.update(tags)

    def log_file(self, file: Path, folder: str = "") -> None:
        """See `Run.log_file`."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise TrackingError("The file to keep cannot be read.", where=str(file)) from error
        self._keep(str(PurePosixPath(folder) / file.name), content)

    def log_classifier(self, artifact: Path, name: str) -> str:
        """See `Run.log_classifier`."""
        check_names([name])
        try:
            manifest = json.loads((artifact / "manifest.json").read_bytes())
            parts = ["manifest.json", *manifest["files"]]
            files = {part: (artifact / part).read_bytes() for part in parts}
        except OSError as error:
            raise ArtifactMissing("There is no whole classifier to log.", where=str(artifact)) from error
        with self._answering():
            model_id = f"m-{uuid4().hex}"
            self._models[model_id] = _LoggedModel(self.id, files)
            return model_id

    def _keep(self, path: str, content: bytes) -> None:
        with self._answering():
            self._kept.files[path] = content


class MemoryTracking:
    """Runs that live as long as the object.

    Attributes:
        reachable: Set it to False and every call raises TrackingError, as with a server that is down.
    """

    def __init__(self) -> None:
        """Start without runs."""
        self.reachable = True
        self._runs: dict[str, _Kept] = {}
        self._models: dict[str, _LoggedModel] = {}
        self._lock = RLock()

    def prepare(self) -> None:
        """See `Tracking.prepare`."""
        self._answering()

    @contextmanager
    def start_run(
        self,
        experiment: str,
        run_name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        resume: str | None = None,
    ) -> Iterator[MemoryRun]:
        """See `Tracking.start_run`."""
        check_names(tags or {})
        with self._answering():
            if parent is not None:
                self._run(parent)
            kept = (
                self._resumed(resume)
                if resume
                else self._new(experiment, run_name, parent, datetime.now(UTC))
            )
            kept.tags.update(tags or {})
        try:
            yield MemoryRun(kept, self._answering, self._models)
        except BaseException as error:  # also Ctrl-C: the run has to end with the right status
            kept.status, kept.ended = ending_status(error), datetime.now(UTC)
            raise
        kept.status, kept.ended = RunStatus.FINISHED, datetime.now(UTC)

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
        with self._answering():
            kept = self._new(self._run(parent).experiment, name, parent, started)
            run = MemoryRun(kept, self._answering, self._models)
            run.log_params(params)
            run.log_metrics(metrics)
            kept.status, kept.ended = RunStatus.FINISHED, ended
            return kept.id

    def run(self, run_id: str) -> RunRecord:
        """See `Tracking.run`."""
        with self._answering():
            return _record(self._run(run_id))

    def find_runs(
        self, experiment: str, *, tags: Mapping[str, str] | None = None, parent: str | None = None
    ) -> list[RunRecord]:
        """See `Tracking.find_runs`."""
        wanted = (tags or {}).items()
        with self._answering():
            found = [
                kept
                for kept in reversed(self._runs.values())
                if kept.experiment == experiment
                and parent in (None, kept.parent)
                and wanted <= kept.tags.items()
            ]
            return [_record(kept) for kept in sorted(found, key=_started, reverse=True)]

    def recent_runs(self, *, most: int, without_name: str) -> list[RunRecord]:
        """See `Tracking.recent_runs`."""
        with self._answering():
            found = [kept for kept in reversed(self._runs.values()) if kept.name != without_name]
            return [_record(kept) for kept in sorted(found, key=_started, reverse=True)[:most]]

    def files_of(self, run_id: str, folder: str) -> list[RunFile]:
        """See `Tracking.files_of`."""
        with self._answering():
            files = self._run(run_id).files
            return [
                RunFile(path, len(content))
                for path, content in sorted(files.items())
                if str(PurePosixPath(path).parent) == folder
            ]

    def fetch_file(self, run_id: str, path: str, into: Path) -> Path:
        """See `Tracking.fetch_file`."""
        with self._answering():
            content = self._run(run_id).files.get(path)
        if content is None:
            raise TrackingError(f"The run kept no file {path}.", where=run_id)
        into.mkdir(parents=True, exist_ok=True)
        target = into / PurePosixPath(path).name
        target.write_bytes(content)
        return target

    def logged_classifier(self, model_id: str, into: Path) -> Path:
        """See `Tracking.logged_classifier`."""
        with self._answering():
            files = self._model(model_id).files
        with replacing_directory(into) as aside:
            for part, content in files.items():
                (aside / part).write_bytes(content)
        return into

    def run_of_classifier(self, model_id: str) -> str | None:
        """See `Tracking.run_of_classifier`."""
        with self._answering():
            return self._model(model_id).run_id

    def _answering(self) -> RLock:
        if not self.reachable:
            raise TrackingError(
                "The tracking server does not answer.", where="memory", remedy="Try again later."
            )
        return self._lock

    def _new(self, experiment: str, name: str, parent: str | None, started: datetime) -> _Kept:
        kept = _Kept(uuid4().hex, name, experiment, parent, started)
        self._runs[kept.id] = kept
        return kept

    def _resumed(self, run_id: str) -> _Kept:
        kept = self._run(run_id)
        kept.status, kept.ended = RunStatus.RUNNING, None
        return kept

    def _run(self, run_id: str) -> _Kept:
        if run_id not in self._runs:
            raise TrackingError("There is no such run.", where=run_id)
        return self._runs[run_id]

    def _model(self, model_id: str) -> _LoggedModel:
        if model_id not in self._models:
            raise TrackingError(
                "There is no such logged model.", where=model_id, remedy="Its id starts with `m-`."
            )
        return self._models[model_id]


def _started(kept: _Kept) -> datetime:
    return kept.started


def _record(kept: _Kept) -> RunRecord:
    return RunRecord(
        id=kept.id,
        name=kept.name,
        experiment=kept.experiment,
        parent=kept.parent,
        status=kept.status,
        started=kept.started,
        ended=kept.ended,
        params=dict(kept.params),
        # MLflow's rule: the value of the highest step counts, and of one step the last that was written.
        metrics={name: max(reversed(values), key=itemgetter(0))[1] for name, values in kept.metrics.items()},
        tags=dict(kept.tags),
    )
