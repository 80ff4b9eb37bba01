"""Reading of a registry through a client of MLflow's form.

The client may be MLflow's own, or the one that speaks REST without it. MLflow is not imported.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from opinionlens.base.errors import OpinionLensError, VersionNotFound
from opinionlens.base.mlflow_client import Client, Row, all_pages
from opinionlens.base.urls import shown
from opinionlens.registry.daemon_threads import mapped
from opinionlens.registry.failures import translated
from opinionlens.registry.port import Version
from opinionlens.registry.queries import aliases_of, found_version, location_of, rows_of_model, version_of
from opinionlens.registry.servability import check_downloadable
from opinionlens.registry.stored_files import StoredFiles

# Servers with passwords take up to half a second for each request.
_CHECKS_AT_ONCE = 8


class ReadingRegistry(ABC):
    """The calls of `Registry` that only read."""

    def __init__(self, uri: str, files: StoredFiles, on_answer: Callable[[], None]) -> None:
        """Ask nothing yet.

        Args:
            uri: The registry's address.
            files: The artifacts of versions.
            on_answer: Called after each answer of the server, by the thread that asked.
        """
        self._uri = uri
        self._files = files
        self._on_answer = on_answer

    def names(self) -> list[str]:
        """See `Registry.names`."""
        client = self._client()
        with self._translating():
            return sorted(model.name for model in all_pages(client.search_registered_models))

    def versions(self, name: str) -> list[Version]:
        """See `Registry.versions`."""
        client = self._client()
        with self._translating(missing=f"The registry has no model {name!r}."):
            aliases = aliases_of(client, name)
            rows = rows_of_model(client, name)
            found = self._as_versions(client, rows, aliases)
        return sorted(found, key=lambda version: version.number, reverse=True)

    def version(self, name: str, number: int) -> Version:
        """See `Registry.version`."""
        client = self._client()
        with self._translating(missing=f"{name!r} has no version {number}."):
            return self._as_version(client, found_version(client, name, number), aliases_of(client, name))

    def by_alias(self, name: str, alias: str) -> Version:
        """See `Registry.by_alias`."""
        client = self._client()
        missing = f"No version of {name!r} has the alias {alias!r}."
        with self._translating(missing=missing):
            aliases = aliases_of(client, name)
            if alias not in aliases:
                raise VersionNotFound(missing, where=shown(self._uri))
            return self._as_version(client, found_version(client, name, aliases[alias]), aliases)

    def download(self, version: Version, into: Path) -> Path:
        """See `Registry.download`."""
        digest = check_downloadable(version, self.version(version.name, version.number))
        client = self._client()
        with self._translating():
            location = location_of(client, found_version(client, version.name, version.number))
            return self._files.fetch(location, into, digest=digest)

    @abstractmethod
    def _client(self) -> Client:
        """Return the client. Raises RegistryUnavailable."""

    @abstractmethod
    def _failures(self) -> tuple[type[Exception], ...]:
        """Return the exceptions by which the client tells of failures."""

    @contextmanager
    def _translating(self, *, missing: str | None = None) -> Iterator[None]:
        failures = self._failures()
        try:
            yield
        except OpinionLensError:
            raise
        except failures as error:
            raise translated(error, uri=self._uri, missing=missing) from error

    def _as_versions(self, client: Client, rows: list[Row], aliases: Mapping[str, int]) -> list[Version]:
        store_hangs = Event()  # then each of the others would wait as long as the first
        return mapped(
            lambda row: self._as_version(client, row, aliases, store_hangs),
            rows,
            at_once=_CHECKS_AT_ONCE,
            on_each=self._on_answer,
        )

    def _as_version(
        self, client: Client, row: Row, aliases: Mapping[str, int], store_hangs: Event | None = None
    ) -> Version:
        return version_of(
            row, aliases, files_fault=lambda: self._files_fault(client, row, store_hangs or Event())
        )

    def _files_fault(self, client: Client, row: Row, store_hangs: Event) -> str | None:
        """Return a sentence on a version's missing or unreachable files."""
        return self._files.fault(lambda: location_of(client, row), store_hangs)
