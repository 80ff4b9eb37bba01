"""The registry, with a note of its availability."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opinionlens.base.errors import RegistryError, RegistryUnavailable, VersionNotFound
from opinionlens.deployment.errors import in_words
from opinionlens.deployment.observer import Observer
from opinionlens.registry import Registry, RegistryLoginNeeded, Version
from opinionlens.registry.port import CHAMPION


class WatchedRegistry:
    """The registry, with its present problem.

    Every call blocks and belongs into a thread.
    """

    def __init__(self, registry: Registry, observer: Observer) -> None:
        """Ask nothing yet."""
        self._registry = registry
        self._observer = observer
        self.problem: str | None = None  # why it did not answer, in words for the page

    def champion(self, name: str) -> Version:
        """Return the champion. Raises RegistryError."""
        with self._note_outcome():
            return self._registry.by_alias(name, CHAMPION)

    def version(self, name: str, number: int) -> Version:
        """Return one version. Raises RegistryError."""
        with self._note_outcome():
            return self._registry.version(name, number)

    def names(self) -> list[str]:
        """Return every model name in order. Raises RegistryError."""
        with self._note_outcome():
            return self._registry.names()

    def versions(self, name: str) -> list[Version]:
        """Return a model's versions, newest first.

        None of a model that is gone. Raises RegistryError.
        """
        with self._note_outcome():
            try:
                return self._registry.versions(name)
            except VersionNotFound:
                return []

    def download(self, version: Version, into: Path) -> Path:
        """See `Registry.download`."""
        with self._note_outcome():
            return self._registry.download(version, into)

    @contextmanager
    def _note_outcome(self) -> Iterator[None]:
        try:
            yield
        except (RegistryUnavailable, RegistryLoginNeeded) as error:
            self.problem = in_words(error)
            self._observer.set_registry_up(False)
            raise
        except RegistryError:
            self._note_answer()
            raise
        self._note_answer()

    def _note_answer(self) -> None:
        self.problem = None
        self._observer.set_registry_up(True)
