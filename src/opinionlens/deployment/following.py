"""Following the deployment row.

Whichever process recorded a version, this one serves it soon.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from opinionlens.base.errors import ArtifactError, ArtifactTampered, LibraryMissing, OpinionLensError
from opinionlens.deployment.active import ActiveVersion
from opinionlens.deployment.errors import in_words, is_refusal
from opinionlens.deployment.watched_registry import WatchedRegistry
from opinionlens.deployment.worker_threads import Threads
from opinionlens.serving.cached_version import CachedVersion, is_digest
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.storage.deployments import DeployedVersion, Deployment

# A look costs a third of a millisecond; loading takes up to a second of the two that there are.
POLL_SECONDS = 0.5
_FIRST_POLL_SECONDS = 0.05
# While the database is away, each look holds a thread for seconds.
_LONGEST_PAUSE_SECONDS = 5.0
# A version that may not serve is not downloaded again and again.
_REFUSED_RETRY_SECONDS = 300.0
_RETRY_SECONDS = 5.0

TOPIC = "deployment"

log = structlog.get_logger("lifecycle")


class DeploymentFollower:
    """A watch on the deployment row."""

    def __init__(
        self,
        active: ActiveVersion,
        store: ModelStore,
        registry: WatchedRegistry,
        threads: Threads,
        registry_threads: Threads,
    ) -> None:
        """Look at nothing yet.

        Args:
            active: the active version.
            store: loads versions.
            registry: the source of versions that are not in the cache.
            threads: for blocking work.
            registry_threads: for work that may wait for the registry.
        """
        self.has_looked = asyncio.Event()  # set once it is known whether the database answers
        self._active = active
        self._store = store
        self._registry = registry
        self._threads = threads
        self._registry_threads = registry_threads
        self._loading: dict[int, asyncio.Task[None]] = {}
        self._tried: tuple[int, float] | None = None  # the row that could not be brought, and when to retry

    async def run(self) -> None:
        """Serve the last good version, then follow the row.

        Never returns.
        """
        await self.restore()
        pause = _FIRST_POLL_SECONDS
        while True:
            try:
                pause = await self._look_and_rest(pause)
            except Exception:  # a watch that died silently would leave yesterday's model in place
                log.exception("deployment.look_failed")
                pause = POLL_SECONDS
            await asyncio.sleep(pause)

    async def restore(self) -> None:
        """Serve the version that was active before the stop.

        Needs neither registry nor database.
        """
        try:
            model = await self._threads.run(self._store.restore)
        except (OpinionLensError, OSError) as error:
            self._active.say("last_good", f"The last good version cannot be served: {in_words(error)}", error)
            return
        async with self._active.changing:
            if model is not None and self._active.in_memory is None:
                await self._active.put(model)
                self._active.say("last_good", None)

    async def look(self) -> bool:
        """Read the row and begin to load its version.

        Returns whether the database answered.
        """
        answered = await self._active.read_row()
        row = self._active.row
        if not answered or row is None or self._active.changing.locked():
            return answered
        if row.version == self._active.in_memory:
            self._tried = None
            self._active.say(TOPIC, None)
            self._active.say("last_good", None)
        elif row.number not in self._loading and not self._is_resting(row):
            task = asyncio.create_task(self._load_and_serve(row))
            self._loading[row.number] = task
            task.add_done_callback(lambda _: self._loading.pop(row.number, None))
        return answered

    async def _look_and_rest(self, pause: float) -> float:
        records = self._active.records
        if not records.is_ready and records.problem is None:  # the tables are being made
            return _FIRST_POLL_SECONDS
        answered = await self.look()
        self._active.note_lag()
        self.has_looked.set()
        return POLL_SECONDS if answered else min(max(2 * pause, POLL_SECONDS), _LONGEST_PAUSE_SECONDS)

    def _is_resting(self, row: Deployment) -> bool:
        if self._tried is None:
            return False
        number, retry_at = self._tried
        return number == row.number and time.monotonic() < retry_at

    async def _load_and_serve(self, row: Deployment) -> None:
        """Load and serve the row's version.

        Not served if another row came meanwhile.
        """
        try:
            model = await self.load(row.version)
        except Exception as error:  # whatever it was, it must be tried again
            refused = is_refusal(error)
            self._tried = (
                row.number,
                time.monotonic() + (_REFUSED_RETRY_SECONDS if refused else _RETRY_SECONDS),
            )
            name = f"{row.version.name} {row.version.number}"
            self._active.say(TOPIC, f"{name} should be active, but is not: {in_words(error)}", error)
            self._active.count_trouble(refused=refused)
            return
        async with self._active.changing:
            current = self._active.row
            if current is not None and current.version == row.version:
                await self._active.put(model)
                self._active.say(TOPIC, None)
                self._active.say("last_good", None)
                return
        self._store.free(model)

    async def load(self, version: DeployedVersion) -> ServedModel:
        """Load exactly the deployed content.

        From the cache, else from the registry.

        Raises:
            ArtifactTampered: the registry has another content under this name now.
            ArtifactError: it may not serve.
            RegistryError: it cannot be fetched.
            DiskUnwritable: there is no room for it.
        """
        model = await self._threads.run(self._load_cached, version)
        return await self._registry_threads.run(self._fetch, version) if model is None else model

    def _load_cached(self, version: DeployedVersion) -> ServedModel | None:
        if is_digest(version.digest) and self._store.cache.holds(version.digest):
            try:
                return self._store.load_cached(CachedVersion(version.name, version.number, version.digest))
            except LibraryMissing:  # another copy would need it, too
                raise
            except ArtifactError:
                log.warning("cache.damaged", name=version.name, version=version.number)
        return None

    def _fetch(self, version: DeployedVersion) -> ServedModel:
        registered = self._registry.version(version.name, version.number)
        if registered.servable and registered.digest != version.digest:
            raise ArtifactTampered(
                f"The registry holds another artifact as {version.name} {version.number} than was deployed.",
                remedy="Activate the version that is meant.",
            )
        return self._store.load(registered, self._registry)
