"""The registry with MLflow in memory only while needed.

MLflow takes some 170 MB. What only reads asks the server over REST, and a database that nobody has written to
since is not asked again; all else is left to a child process, which ends when it has been idle.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from opinionlens.registry.port import Credentials, SourceRun, Version
from opinionlens.registry.process import ProcessLimits, ProcessRegistry
from opinionlens.registry.rest_access import Access, plain_access
from opinionlens.registry.rest_line import NeedsMlflow
from opinionlens.registry.unchanged import UnchangedAnswers

if TYPE_CHECKING:
    from opinionlens.registry.rest import RestReader

T = TypeVar("T")


def _plugin_names(group: str) -> Iterable[str]:
    return [entry.name for entry in entry_points(group=group)]


class SparingRegistry:
    """The registry's port, with little of MLflow.

    Threads may share it. `close` ends the child and the calls that wait; so does leaving a `with` block.
    """

    def __init__(
        self,
        uri: str,
        *,
        credentials: Credentials | None = None,
        experiment: str = "OpinionLens",
        limits: ProcessLimits | None = None,
        setting: str | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        """Keep the arguments; connect and start nothing.

        They are those of ProcessRegistry.
        """
        self._uri = uri
        self._credentials = credentials
        self._limits = limits
        self._setting = setting
        self._lock = Lock()
        self._has_looked = False
        self._reader: RestReader | None = None
        self._unchanged = UnchangedAnswers(uri)
        self.child = ProcessRegistry(
            uri,
            credentials=credentials,
            experiment=experiment,
            limits=limits,
            command=command,
            setting=setting,
        )

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
        return self.child.register(
            name, artifact, digest=digest, run_id=run_id, tags=tags, scores=scores, again=again
        )

    def names(self) -> list[str]:
        """See `Registry.names`."""
        return self._read(lambda reader: reader.names(), self.child.names)

    def versions(self, name: str) -> list[Version]:
        """See `Registry.versions`."""
        return self._read(
            lambda reader: reader.versions(name),
            lambda: self._noted(self.child.versions(name)),
        )

    def version(self, name: str, number: int) -> Version:
        """See `Registry.version`."""
        return self._read(
            lambda reader: reader.version(name, number),
            lambda: self._noted([self.child.version(name, number)])[0],
        )

    def by_alias(self, name: str, alias: str) -> Version:
        """See `Registry.by_alias`."""
        return self._read(
            lambda reader: reader.by_alias(name, alias),
            lambda: self._unchanged.answer((name, alias), lambda: self._carrier(name, alias)),
        )

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """See `Registry.set_alias`."""
        self.child.set_alias(name, alias, number)

    def set_tags(self, name: str, number: int, tags: Mapping[str, str]) -> None:
        """See `Registry.set_tags`."""
        self.child.set_tags(name, number, tags)

    def download(self, version: Version, into: Path) -> Path:
        """See `Registry.download`."""
        return self._read(
            lambda reader: reader.download(version, into), lambda: self.child.download(version, into)
        )

    def has_run(self, run_id: str) -> bool:
        """See `Registry.has_run`."""
        return self.child.has_run(run_id)

    def copy_run(self, run: SourceRun, experiment: str) -> str:
        """See `Registry.copy_run`."""
        return self.child.copy_run(run, experiment)

    def close(self) -> None:
        """End the child and the calls that wait.

        The next call would start another.
        """
        if self._reader is not None:
            self._reader.close()
        self.child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, over_rest: Callable[[RestReader], T], by_child: Callable[[], T]) -> T:
        reader = self._rest_reader()
        if reader is None:
            return by_child()
        try:
            return over_rest(reader)
        except NeedsMlflow:
            return by_child()

    def _rest_reader(self) -> RestReader | None:
        with self._lock:
            if not self._has_looked:
                if (access := self._access()) is not None:
                    from opinionlens.registry.rest import RestReader  # a start without a server is spared it

                    self._reader = RestReader(self._uri, access, limits=self._limits, setting=self._setting)
                self._has_looked = True
            return self._reader

    def _access(self) -> Access | None:
        return plain_access(
            self._uri, os.environ, self._credentials, home=Path.home(), plugin_names=_plugin_names
        )

    def _carrier(self, name: str, alias: str) -> Version:
        return self._noted([self.child.by_alias(name, alias)])[0]

    def _noted(self, versions: list[Version]) -> list[Version]:
        """Note the versions with files that the child has found."""
        if self._reader is not None:
            for version in versions:
                if version.servable:
                    self._reader.note_whole(version)
        return versions
