"""Bringing the registry's champion into the store, at start and, where wanted, whenever it changes."""

from __future__ import annotations

import asyncio

import structlog

from opinionlens.errors import ArtefactError, OpinionLensError
from opinionlens.registry import Registry, Version
from opinionlens.serving.store import ModelStore

CHAMPION = "champion"

log = structlog.get_logger("serving")


class ChampionWatch:
    """Activates the version with the alias `champion`; never stops the app from answering."""

    def __init__(
        self, store: ModelStore, registry: Registry, *, name: str, every_seconds: float, follow: bool
    ) -> None:
        """Do nothing yet.

        Args:
            store: where the champion goes.
            registry: who is champion.
            name: the registered model.
            every_seconds: pause between looks.
            follow: keep looking after the first success.
        """
        self._store = store
        self._registry = registry
        self._name = name
        self._every_seconds = every_seconds
        self._follow = follow
        self._refused: tuple[int, str | None] | None = None

    async def run(self) -> None:
        """Serve the last good version at once, then the champion; return once settled unless following."""
        await asyncio.to_thread(self.restore)
        while True:
            try:
                settled = await asyncio.to_thread(self.look)
            except Exception:  # a watch that died silently would leave yesterday's model in place
                log.exception("champion.look_failed", model=self._name)
                settled = False
            if settled and not self._follow:
                return
            await asyncio.sleep(self._every_seconds)

    def restore(self) -> None:
        """Activate the version that answered before the last stop, without the registry."""
        try:
            model = self._store.restore()
        except (ArtefactError, OSError) as error:
            self._report(f"The last good version cannot be served: {_in_words(error)}", error)
            return
        if model is not None and self._store.active is None:
            self._store.activate(model)

    def look(self) -> bool:
        """Ask the registry once; tell whether its champion is what answers now."""
        try:
            version = self._registry.by_alias(self._name, CHAMPION)
            if not self._is_active(version):
                return self._bring(version)
            self._store.problem = None
            return True
        except OpinionLensError as error:
            self._report(_in_words(error), error)
        except OSError as error:
            self._report(f"The champion cannot be kept on this disk: {_in_words(error)}", error)
        return False

    def _is_active(self, version: Version) -> bool:
        active = self._store.active
        return active is not None and (active.version, active.digest) == (version.number, version.digest)

    def _bring(self, version: Version) -> bool:
        """Load and activate; an artefact that was refused is not downloaded again and again."""
        if self._refused == (version.number, version.digest):
            return False
        try:
            model = self._store.load(version, self._registry)
        except ArtefactError:
            self._refused = (version.number, version.digest)
            raise
        self._store.activate(model)
        return True

    def _report(self, problem: str, error: Exception) -> None:
        """Keep the reason for the page, and log it once, not at every look."""
        if problem != self._store.problem:
            self._store.problem = problem
            log.warning("champion.not_served", model=self._name, reason=str(error))


def _in_words(error: Exception) -> str:
    """Return what happened without addresses and paths, which are for the log only."""
    if isinstance(error, OpinionLensError):
        return " ".join(part for part in (error.what, error.remedy) if part)
    return f"{error.strerror}." if isinstance(error, OSError) else type(error).__name__
