"""Queries to an MLflow client.

Each function takes the client. MLflow is not imported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from opinionlens.base.errors import VersionNotFound
from opinionlens.base.mlflow_client import Client, Row, all_pages
from opinionlens.base.timestamps import as_time
from opinionlens.registry.naming import is_model_name
from opinionlens.registry.port import DIGEST_TAG, KIND_TAG, Version
from opinionlens.registry.servability import why_not_servable
from opinionlens.registry.tags import split_scores

# MLflow's page of a logged model shows the versions that this tag lists; its own client writes it as well.
_REGISTERED_AS_TAG = "mlflow.modelVersions"


class TellingClient:
    """An MLflow client that reports each answer of its server."""

    def __init__(self, client: Client, on_answer: Callable[[], None]) -> None:
        """Pass everything on to `client`."""
        self._client = client
        self._on_answer = on_answer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a method of MLflow's client
        method = getattr(self._client, name)

        def told(*args: object, **kwargs: object) -> Any:  # noqa: ANN401
            answer = method(*args, **kwargs)
            self._on_answer()
            return answer

        return told if callable(method) else method


def run_model(client: Client, experiment_id: str, run_id: str, digest: str) -> Row | None:
    """Return the run's finished logged model with this digest.

    None if there is none.
    """
    models = all_pages(
        client.search_logged_models,
        experiment_ids=[experiment_id],
        filter_string=f"tags.{DIGEST_TAG} = '{digest}'",
    )
    ready = (model for model in models if model.source_run_id == run_id and str(model.status) == "READY")
    return next(ready, None)


def rows_of_model(client: Client, name: str) -> list[Row]:
    """Return every version of a model, in no particular order."""
    # MLflow's filters cannot write a quote inside a quoted name: then everything is read.
    quote = next((quote for quote in ("'", '"') if quote not in name), None)
    condition = f"name = {quote}{name}{quote}" if quote else None
    # Databases differ in whether upper case matters.
    return [
        row for row in all_pages(client.search_model_versions, filter_string=condition) if row.name == name
    ]


def found_version(client: Client, name: str, number: int) -> Row:
    """Return one version.

    Raises VersionNotFound for a name that no model can have.
    """
    _check_findable(name)
    return client.get_model_version(name, str(number))


def location_of(client: Client, row: Row) -> str:
    """Return where the files of a version are.

    The source of a version of ours is the place itself, which saves a request.
    """
    if row.source.startswith(("models:", "runs:")):
        return str(client.get_model_version_download_uri(row.name, row.version))
    return str(row.source)


def aliases_of(client: Client, name: str) -> dict[str, int]:
    """Return a model's aliases with their version numbers."""
    _check_findable(name)
    return {alias: int(number) for alias, number in client.get_registered_model(name).aliases.items()}


def _check_findable(name: str) -> None:
    # MLflow would call the name invalid; to the port it is one that does not exist.
    if not is_model_name(name):
        raise VersionNotFound(f"The registry has no model {name!r}.")


def show_on_model_page(client: Client, model_id: str, name: str, number: int) -> None:
    """Show the registered version on the logged model's page."""
    entry = {"name": name, "version": number}
    shown_already = _listed(client.get_logged_model(model_id).tags.get(_REGISTERED_AS_TAG, "[]"))
    if entry not in shown_already:
        client.set_logged_model_tags(model_id, {_REGISTERED_AS_TAG: json.dumps([*shown_already, entry])})


def _listed(tag: str) -> list[object]:
    """Return the list in a tag, or an empty one.

    It is empty where the tag holds anything but a list.
    """
    try:
        value = json.loads(tag)
    except (ValueError, RecursionError):
        return []
    return value if isinstance(value, list) else []


def version_of(row: Row, aliases: Mapping[str, int], *, files_fault: Callable[[], str | None]) -> Version:
    """Return a row of MLflow's as a version.

    `files_fault` tells a fault of its files.
    """
    number = int(row.version)
    tags, scores = split_scores(row.tags)
    why = why_not_servable(ready=row.status == "READY", tags=tags, files_fault=files_fault)
    return Version(
        name=row.name,
        number=number,
        digest=tags.get(DIGEST_TAG),
        kind=tags.get(KIND_TAG),
        created=as_time(row.creation_timestamp),
        run_id=row.run_id or None,
        aliases=tuple(sorted(alias for alias, target in aliases.items() if target == number)),
        tags=tags,
        servable=why is None,
        why_not_servable=why,
        scores=scores,
    )


def experiment_id_of(client: Client, name: str) -> str:
    """Return the id of the experiment, created if new."""
    experiment = client.get_experiment_by_name(name)
    return str(experiment.experiment_id if experiment else client.create_experiment(name))
