"""The registry on an MLflow server or on MLflow's database.

For a server mlflow-skinny is enough. Nothing here depends on MLflow's process-wide tracking address: every
call names its own, so that two registries and a tracking store can live in one process. (`models:/…`
addresses do depend on it; that is why none is used.)
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from opinionlens.base.errors import (
    RegistryError,
    RegistryUnavailable,
    VersionNotFound,
)
from opinionlens.base.mlflow_client import (
    PAIRS_PER_BATCH,
    Client,
    Row,
    quiet_environment,
    usable_experiment,
)
from opinionlens.base.moved_projects import is_lost
from opinionlens.base.timestamps import as_milliseconds
from opinionlens.base.urls import shown, with_absolute_path
from opinionlens.registry.artifact_files import (
    MANIFEST,
    Contents,
    read_artifact,
)
from opinionlens.registry.environment import limited_environment
from opinionlens.registry.failures import translated
from opinionlens.registry.location import missing_database
from opinionlens.registry.naming import check_alias, check_model_name
from opinionlens.registry.port import (
    SOURCE_RUN_TAG,
    SourceRun,
    Version,
)
from opinionlens.registry.pyfunc_folder import write_pyfunc_folder
from opinionlens.registry.queries import (
    TellingClient,
    experiment_id_of,
    found_version,
    location_of,
    run_model,
    show_on_model_page,
)
from opinionlens.registry.reading import ReadingRegistry
from opinionlens.registry.stored_files import StoredFiles
from opinionlens.registry.tags import check_changeable, tags_to_write

_TIME_LIMIT_SECONDS = 10.0


class MlflowRegistry(ReadingRegistry):
    """MLflow's model registry.

    Importing MLflow takes 3 to 10 s, once, when the first object is made.
    """

    def __init__(
        self, uri: str, *, experiment: str = "OpinionLens", on_answer: Callable[[], None] = lambda: None
    ) -> None:
        """Import MLflow; nothing is connected yet.

        Args:
            uri: The MLflow server, `http://…`, or a database such as `sqlite:///mlruns.db`. User name and
                password are those of the environment, as always with MLflow; ProcessRegistry gives them to
                its child only.
            experiment: For artifacts without a known run.
            on_answer: Called after each answer of the server, by the thread that asked.

        Raises:
            RegistryError: MLflow is not installed, or only mlflow-skinny, which reads no databases.
        """
        for name, value in {**quiet_environment(), **limited_environment(_TIME_LIMIT_SECONDS)}.items():
            os.environ.setdefault(name, value)
        try:
            import mlflow  # noqa: F401 - so that a missing MLflow is told here
        except ImportError as error:
            raise RegistryError("MLflow is not installed.", remedy="Install mlflow-skinny.") from error
        if not uri.startswith("http") and find_spec("sqlalchemy") is None:
            remedy = "Start `mlflow server` on it and give the server's address, or install mlflow."
            raise RegistryError("mlflow-skinny reads no databases.", where=shown(uri), remedy=remedy)
        address = with_absolute_path(uri)
        super().__init__(address, _stored_files(address, on_answer), on_answer)
        self._experiment = experiment
        self._connection: Client = None

    def register(
        self,
        name: str,
        artifact: Path,
        *,
        digest: str,
        run_id: str | None,
        tags: Mapping[str, str],
        scores: Mapping[str, float],
        again: bool = False,
    ) -> Version:
        """See `Registry.register`."""
        check_model_name(name)
        contents = read_artifact(artifact, digest=digest)
        client = self._client(create=True)
        known = None if again else self._with_digest(name, digest, contents)
        if known is not None:
            return known
        with self._translating():
            model = self._logged_model(client, artifact, digest, run_id, contents, again=again)
            _create_model(client, name)
            registered = client.create_model_version(
                name,
                source=model.artifact_location,
                run_id=run_id,
                tags=tags_to_write(tags, digest=digest, kind=contents.kind, scores=scores),
                # A server asks for it; without a server, MLflow would look it up in its process-wide store.
                model_id=model.model_id if self._uri.startswith("http") else None,
            )
            show_on_model_page(client, model.model_id, name, int(registered.version))
        return self.version(name, int(registered.version))

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """See `Registry.set_alias`."""
        check_alias(alias)
        client = self._client()
        with self._translating(missing=f"{name!r} has no version {number}."):
            found_version(client, name, number)
            client.set_registered_model_alias(name, alias, str(number))

    def set_tags(self, name: str, number: int, tags: Mapping[str, str]) -> None:
        """See `Registry.set_tags`."""
        check_changeable(tags)
        client = self._client()
        with self._translating(missing=f"{name!r} has no version {number}."):
            found_version(client, name, number)
            for tag, value in tags.items():
                client.set_model_version_tag(name, str(number), tag, value)

    def has_run(self, run_id: str) -> bool:
        """See `Registry.has_run`."""
        client = self._client(create=True)
        try:
            with self._translating(missing=run_id):
                client.get_run(run_id)
        except VersionNotFound:
            return False
        return True

    def copy_run(self, run: SourceRun, experiment: str) -> str:
        """See `Registry.copy_run`."""
        client = self._client(create=True)
        with self._translating():
            experiment_id = experiment_id_of(client, experiment)
            copies = client.search_runs([experiment_id], f"tags.{SOURCE_RUN_TAG} = '{run.run_id}'")
            # A copy that was interrupted is not whole; it stays RUNNING and is not taken for one.
            whole = [copy for copy in copies if copy.info.status == "FINISHED"]
            return str(whole[0].info.run_id) if whole else _write_copy(client, run, experiment_id)

    def _client(self, *, create: bool = False) -> Client:
        absent = missing_database(self._uri)
        if absent is not None and not create:
            remedy = "Train and promote a classifier first: `make model`."
            raise RegistryUnavailable("There is no registry yet.", where=str(absent), remedy=remedy)
        if self._connection is None:
            from mlflow import MlflowClient

            try:
                client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
                self._connection = TellingClient(client, self._on_answer)
            except Exception as error:  # whatever the driver of some database raises
                raise translated(error, uri=self._uri) from error
        return self._connection

    def _failures(self) -> tuple[type[Exception], ...]:
        from mlflow.exceptions import MlflowException

        # Besides its own exception MLflow lets through those of the artifact store (requests: OSError), of a
        # driver that is not installed, and of answers that are no JSON.
        return (MlflowException, OSError, ImportError, ValueError)

    def _with_digest(self, name: str, digest: str, contents: Contents) -> Version | None:
        try:
            versions = self.versions(name)
        except VersionNotFound:
            return None
        client = self._client()
        for version in versions:
            if version.digest == digest and version.servable:
                location = location_of(client, found_version(client, name, version.number))
                if self._files.are_whole(location, contents):
                    return version
        return None

    def _logged_model(
        self,
        client: Client,
        artifact: Path,
        digest: str,
        run_id: str | None,
        contents: Contents,
        *,
        again: bool,
    ) -> Row:
        """Return a logged model that holds the artifact.

        It is the run's own while that is whole, otherwise a new one.
        """
        if run_id is None:
            experiment_id = self._own_experiment(client)
        elif self.has_run(run_id):
            experiment_id = client.get_run(run_id).info.experiment_id
            known = None if again else run_model(client, experiment_id, run_id, digest)
            if known is not None and self._files.are_whole(known.artifact_location, contents):
                return known
            if is_lost(client.get_experiment(experiment_id).artifact_location, self._uri):
                experiment_id = self._own_experiment(client)
        else:
            raise RegistryError(f"The registry's server knows no run {run_id}.", remedy="Publish it instead.")
        model_id = log_model(client, artifact, name="classifier", experiment_id=experiment_id, run_id=run_id)
        return client.get_logged_model(model_id)

    def _own_experiment(self, client: Client) -> str:
        return usable_experiment(client, self._experiment, self._uri, client.create_experiment)


def log_model(client: Client, artifact: Path, *, name: str, experiment_id: str, run_id: str | None) -> str:
    """Log a classifier's folder as a model of MLflow.

    MLflow can load and serve it. The client may be that of any store. The composing code gives this function
    and `fetch_model` to tracking, because tracking and registry do not import each other.

    Returns:
        The model's id, `m-…`.
    """
    from mlflow.entities import LoggedModelOutput

    manifest = artifact / MANIFEST
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else ""
    contents = read_artifact(artifact, digest=digest)
    tags = tags_to_write({}, digest=digest, kind=contents.kind, scores={})
    model = client.create_logged_model(experiment_id, name=name, source_run_id=run_id, tags=tags)
    try:
        with tempfile.TemporaryDirectory() as folder:
            write_pyfunc_folder(artifact, Path(folder), contents, model_id=model.model_id, run_id=run_id)
            client.log_model_artifacts(model.model_id, folder)
        if run_id is not None:
            client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    except BaseException:  # also Ctrl-C: a model must not stay half-logged
        with suppress(Exception):  # the first error is the one to show
            client.finalize_logged_model(model.model_id, "FAILED")
        raise
    client.finalize_logged_model(model.model_id, "READY")
    return str(model.model_id)


def fetch_model(location: str, into: Path, *, uri: str, digest: str) -> Path:
    """Put a logged model's artifact at `into`.

    See `StoredFiles.fetch`.
    """
    return _stored_files(uri).fetch(location, into, digest=digest)


def _stored_files(uri: str, on_answer: Callable[[], None] = lambda: None) -> StoredFiles:
    def entries(address: str) -> list[Row]:
        from mlflow.artifacts import list_artifacts

        return list(list_artifacts(artifact_uri=address, tracking_uri=uri))

    def download(address: str, into: Path) -> None:
        from mlflow.artifacts import download_artifacts

        download_artifacts(artifact_uri=address, dst_path=str(into), tracking_uri=uri)

    return StoredFiles(uri, entries=entries, download=download, on_answer=on_answer)


def _create_model(client: Client, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _write_copy(client: Client, run: SourceRun, experiment_id: str) -> str:
    from mlflow.entities import Metric, Param, RunTag

    started = as_milliseconds(run.started)
    copy = client.create_run(experiment_id, start_time=started, run_name=run.name)
    run_id = str(copy.info.run_id)
    ended = as_milliseconds(run.ended) if run.ended else started
    params = [Param(name, value) for name, value in run.params.items()]
    tags = [RunTag(name, value) for name, value in {**run.tags, SOURCE_RUN_TAG: run.run_id}.items()]
    client.log_batch(run_id, metrics=[Metric(name, value, ended, 0) for name, value in run.metrics.items()])
    for first in range(0, max(len(params), len(tags)), PAIRS_PER_BATCH):
        part = slice(first, first + PAIRS_PER_BATCH)
        client.log_batch(run_id, params=params[part], tags=tags[part])
    client.set_terminated(run_id, "FINISHED", end_time=ended)
    return run_id
