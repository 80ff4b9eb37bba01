"""Every implementation of the two ports, each with the few things that a test has to do behind its back."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest
from tests.support.programs import MlflowServer

from opinionlens.registry import (
    MemoryRegistry,
    ProcessLimits,
    ProcessRegistry,
    Registry,
    SparingRegistry,
    Version,
)
from opinionlens.registry import mlflow as logged_models
from opinionlens.registry.mlflow import MlflowRegistry
from opinionlens.tracking import MemoryTracking, Tracking
from opinionlens.tracking.mlflow import MlflowTracking

# SQLAlchemy 2.1 deprecates an option that MLflow 3.17 still uses.
MLFLOW_WARNING = "ignore:The ``noload`` loader strategy:DeprecationWarning:mlflow.store.tracking"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(MLFLOW_WARNING))


@dataclass(frozen=True)
class Artifact:
    folder: Path
    digest: str

    @property
    def content(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


@pytest.fixture
def make_artifact(tmp_path: Path) -> Callable[..., Artifact]:
    """Make a folder as a classifier's artifact is: a manifest, and the files that it names."""

    def make(weights: bytes | None = None, kind: str = "linear") -> Artifact:
        folder = tmp_path / f"artifact-{uuid4().hex}"
        folder.mkdir()
        weights = uuid4().bytes if weights is None else weights
        (folder / "weights.npz").write_bytes(weights)
        manifest = {"kind": kind, "files": {"weights.npz": hashlib.sha256(weights).hexdigest()}}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return Artifact(folder, hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest())

    return make


class RegistryBehind(Protocol):
    """A registry, and what other programs can do to the store behind it."""

    registry: Registry

    def add_model(self, name: str) -> None: ...
    def add_foreign(self, name: str, tags: Mapping[str, str]) -> None: ...
    def replace_files(self, version: Version, files: Mapping[str, bytes]) -> None: ...
    def new_run(self) -> str: ...
    def run(self, run_id: str) -> tuple[str, dict[str, str], dict[str, float], dict[str, str]]: ...


class BehindMemory:
    def __init__(self) -> None:
        self._runs: set[str] = set()
        self.registry = MemoryRegistry(knows_run=self._runs.__contains__)

    def add_model(self, name: str) -> None:
        self.registry.add_model(name)

    def add_foreign(self, name: str, tags: Mapping[str, str]) -> None:
        self.registry.add_foreign(name, tags=tags)

    def replace_files(self, version: Version, files: Mapping[str, bytes]) -> None:
        self.registry.replace_files(version.name, version.number, files)

    def new_run(self) -> str:
        self._runs.add(run_id := uuid4().hex)
        return run_id

    def run(self, run_id: str) -> tuple[str, dict[str, str], dict[str, float], dict[str, str]]:
        experiment, run = self.registry.copied_runs[run_id]
        return experiment, dict(run.params), dict(run.metrics), dict(run.tags)


class BehindMlflow:
    """Uses MLflow's own client on the same database, as another program would."""

    def __init__(self, registry: Registry, uri: str, folder: Path) -> None:
        from mlflow import MlflowClient

        self.registry = registry
        self.client: Any = MlflowClient(tracking_uri=uri, registry_uri=uri)
        self._folder = folder
        self._experiment = self._new_experiment()

    def _new_experiment(self) -> str:
        return str(self.client.create_experiment("by hand", artifact_location=str(self._folder / "by hand")))

    def add_model(self, name: str) -> None:
        self.client.create_registered_model(name)

    def add_foreign(self, name: str, tags: Mapping[str, str]) -> None:
        self.add_model(name)
        source = self._folder / uuid4().hex
        source.mkdir()
        (source / "model.pkl").write_bytes(b"\x80\x04.")
        self.client.create_model_version(name, str(source), tags=dict(tags))

    def replace_files(self, version: Version, files: Mapping[str, bytes]) -> None:
        place = self._place(version)
        shutil.rmtree(place)
        for name, content in files.items():
            (place / "artefact").mkdir(parents=True, exist_ok=True)
            (place / "artefact" / name).write_bytes(content)

    def _place(self, version: Version) -> Path:
        return Path(self.client.get_model_version_download_uri(version.name, str(version.number)))

    def new_run(self) -> str:
        return str(self.client.create_run(self._experiment).info.run_id)

    def run(self, run_id: str) -> tuple[str, dict[str, str], dict[str, float], dict[str, str]]:
        run = self.client.get_run(run_id)
        experiment = self.client.get_experiment(run.info.experiment_id).name
        return experiment, dict(run.data.params), dict(run.data.metrics), dict(run.data.tags)


class BehindServer(BehindMlflow):
    """A real MLflow server, which keeps its files in a folder of this machine."""

    def __init__(self, registry: Registry, server: MlflowServer, folder: Path) -> None:
        super().__init__(registry, server.uri, folder)
        self._store = folder / "files"

    def _new_experiment(self) -> str:
        return str(self.client.create_experiment("by hand"))

    def add_foreign(self, name: str, tags: Mapping[str, str]) -> None:
        self.add_model(name)
        run = self.client.get_run(self.new_run()).info  # the server takes no other place from a client
        source = f"{run.artifact_uri}/model"
        self.client.create_model_version(name, source, run_id=run.run_id, tags=dict(tags))

    def _place(self, version: Version) -> Path:
        location = self.client.get_model_version_download_uri(version.name, str(version.number))
        return self._store / location.removeprefix("mlflow-artifacts:/")


@pytest.fixture(scope="module", params=["memory", "mlflow", "process", "rest"])
def behind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryBehind]:
    """One registry for a whole module: a child takes seconds to start. Tests use names of their own."""
    if request.param == "memory":
        yield BehindMemory()
        return
    folder = tmp_path_factory.mktemp("foreign")
    if request.param == "rest":
        server = MlflowServer(folder)
        try:
            server.start()
            with SparingRegistry(server.uri, limits=ProcessLimits(start=120, call=60)) as registry:
                yield BehindServer(registry, server, folder)
        finally:
            server.kill()
        return
    uri = request.getfixturevalue("new_mlflow_database")()
    with contextlib.chdir(folder):  # MLflow puts the files of artifacts without a run into the working folder
        if request.param == "mlflow":
            yield BehindMlflow(MlflowRegistry(uri), uri, folder)
            return
        with ProcessRegistry(uri, limits=ProcessLimits(start=120, call=60)) as registry:
            yield BehindMlflow(registry, uri, folder)


@pytest.fixture
def registry(behind: RegistryBehind) -> Registry:
    return behind.registry


@pytest.fixture
def name() -> str:
    """A model name that no other test uses."""
    return f"model-{uuid4().hex[:12]}"


@pytest.fixture(params=["memory", "mlflow"])
def tracking(request: pytest.FixtureRequest) -> Tracking:
    if request.param == "memory":
        return MemoryTracking()
    return MlflowTracking(request.getfixturevalue("new_mlflow_database")(), models=logged_models)
