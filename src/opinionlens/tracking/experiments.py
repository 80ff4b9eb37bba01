"""Ids and names of MLflow's experiments, each asked for once."""

from __future__ import annotations

from functools import partial

from opinionlens.base.mlflow_client import Client, usable_experiment
from opinionlens.tracking.sqlite import artifact_folder


class Experiments:
    """The experiments of one store that have been used."""

    def __init__(self, uri: str) -> None:
        """Know none yet of the store at `uri`."""
        self._uri = uri
        self._ids: dict[str, str] = {}

    def id_of(self, client: Client, name: str) -> str:
        """Return the id of an experiment, created if new."""
        if name not in self._ids:
            self._ids[name] = usable_experiment(client, name, self._uri, partial(self._create, client))
        return self._ids[name]

    def name_of(self, client: Client, experiment_id: str) -> str:
        """Return the name of an experiment."""
        for name, known in self._ids.items():
            if known == experiment_id:
                return name
        name = str(client.get_experiment(experiment_id).name)
        self._ids[name] = experiment_id
        return name

    def _create(self, client: Client, name: str) -> object:
        return client.create_experiment(name, artifact_location=artifact_folder(self._uri, name))
