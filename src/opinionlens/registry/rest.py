"""Reading of a registry over MLflow's REST API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TypeVar

from opinionlens.base.errors import RegistryError, RegistryUnavailable
from opinionlens.base.mlflow_client import Client, Row
from opinionlens.base.urls import shown
from opinionlens.registry.environment import seconds_per_try
from opinionlens.registry.failures import CHECK_ADDRESS, address_remedy
from opinionlens.registry.location import is_foreign, proxied_path
from opinionlens.registry.port import DIGEST_TAG, Version
from opinionlens.registry.process import ProcessLimits
from opinionlens.registry.queries import location_of
from opinionlens.registry.reading import ReadingRegistry
from opinionlens.registry.rest_access import Access
from opinionlens.registry.rest_calls import Calls, note_answer, note_waiting
from opinionlens.registry.rest_client import ProxiedFiles, RestClient
from opinionlens.registry.rest_line import NeedsMlflow, RestError, RestLine
from opinionlens.registry.stored_files import StoredFiles

T = TypeVar("T")


class RestReader:
    """Reads the registry of an MLflow server.

    Every method is that of `Registry`, and besides raises NeedsMlflow where only MLflow's own client knows
    the answer: the files of a version are in a store that the server gives no access to, or the server sends
    us to another one. Threads may share it.
    """

    def __init__(
        self, uri: str, access: Access, *, limits: ProcessLimits | None = None, setting: str | None = None
    ) -> None:
        """Connect nothing yet.

        Args:
            uri: The server's address, `http://…`.
            access: How it is asked.
            limits: How long to wait: for an answer, for a transfer.
            setting: The name of the setting with the address, for messages.
        """
        self._limits = limits or ProcessLimits()
        self._where = shown(uri)
        self._remedy = address_remedy(setting)
        self._calls = Calls(lambda what: RegistryUnavailable(what, where=self._where, remedy=self._remedy))
        self._line = RestLine(
            uri,
            access,
            seconds=seconds_per_try(self._limits.call),
            on_waiting=note_waiting,
            on_answer=note_answer,
        )
        self._registry = _RestRegistry(uri, self._line)

    def names(self) -> list[str]:
        """See `Registry.names`."""
        return self._call(self._registry.names)

    def versions(self, name: str) -> list[Version]:
        """See `Registry.versions`."""
        return self._call(lambda: self._registry.versions(name))

    def version(self, name: str, number: int) -> Version:
        """See `Registry.version`."""
        return self._call(lambda: self._registry.version(name, number))

    def by_alias(self, name: str, alias: str) -> Version:
        """See `Registry.by_alias`."""
        return self._call(lambda: self._registry.by_alias(name, alias))

    def download(self, version: Version, into: Path) -> Path:
        """See `Registry.download`."""
        return self._call(lambda: self._registry.download(version, into), limit=self._limits.transfer)

    def note_whole(self, version: Version) -> None:
        """Take it from MLflow that this version has its files."""
        self._registry.known_elsewhere.add((version.name, version.number, version.digest))

    def close(self) -> None:
        """End the calls that are under way."""
        self._calls.end()
        self._line.close()

    def _call(self, work: Callable[[], T], *, limit: float | None = None) -> T:
        silence = limit or self._limits.call
        try:
            return self._calls.result(work, silence=silence, total=max(silence, self._limits.transfer))
        except RegistryError as error:
            if error.remedy == CHECK_ADDRESS:
                error.remedy = self._remedy
            raise


class _RestRegistry(ReadingRegistry):
    """The reading in the threads of RestReader."""

    def __init__(self, uri: str, line: RestLine) -> None:
        """Ask nothing yet."""
        files = ProxiedFiles(line)
        stored = StoredFiles(uri, entries=files.entries, download=files.download, on_answer=note_answer)
        super().__init__(uri, stored, note_answer)
        self._rest = RestClient(line)
        self.known_elsewhere: set[tuple[str, int, str | None]] = set()

    def _client(self) -> Client:
        return self._rest

    def _failures(self) -> tuple[type[Exception], ...]:
        return (RestError, OSError, ValueError)

    def _files_fault(self, client: Client, row: Row, store_hangs: Event) -> str | None:
        found: list[str] = []

        def located() -> str:
            found.append(location_of(client, row))
            return found[0]

        fault = self._files.fault(located, store_hangs)
        if not found or proxied_path(found[0]) is not None or is_foreign(found[0], self._uri):
            return fault
        if (row.name, row.version, row.tags.get(DIGEST_TAG)) in self.known_elsewhere:
            return None
        raise NeedsMlflow("The server gives no access to the files.")
