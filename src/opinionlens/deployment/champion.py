"""Following the registry's alias `champion`.

A person's choice of another version pauses it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO

import structlog

from opinionlens.base.errors import OpinionLensError
from opinionlens.base.file_locks import lock
from opinionlens.deployment.active import ActiveVersion
from opinionlens.deployment.errors import in_words, is_refusal
from opinionlens.deployment.following import DeploymentFollower
from opinionlens.deployment.watched_registry import WatchedRegistry
from opinionlens.deployment.worker_threads import Threads
from opinionlens.registry import Version
from opinionlens.serving.cache import not_servable
from opinionlens.serving.cached_version import is_digest
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.storage.deployments import Cause, DeployedVersion, Deployment
from opinionlens.storage.errors import DeploymentConflict, StorageUnavailable

TOPIC = "champion"
BY = "champion"
WHY = "The registry's alias `champion` points to it."

log = structlog.get_logger("lifecycle")


def is_wanted(row: Deployment | None, *, row_is_known: bool, has_active: bool, follows: bool) -> bool:
    """Tell whether the champion should become active.

    Args:
        row: the last deployment that was read.
        row_is_known: False while the database is away.
        has_active: a trained version answers in this process.
        follows: the settings say that the champion is followed.
    """
    if not row_is_known:
        return not has_active  # better the champion than the word list; a version that answers stays
    if row is None:
        return True
    return follows and row.cause is Cause.CHAMPION  # a person's choice pauses it


class ChampionFollower:
    """A watch on the registry's champion.

    Of the processes that share a cache, one asks the registry for all.
    """

    def __init__(
        self,
        active: ActiveVersion,
        store: ModelStore,
        registry: WatchedRegistry,
        threads: Threads,
        *,
        name: str,
        every_seconds: float,
        follows: bool,
    ) -> None:
        """Ask nothing yet.

        Args:
            active: the active version.
            store: loads the champion.
            registry: knows the champion.
            threads: for blocking work.
            name: the registered model.
            every_seconds: pause between looks.
            follows: look also after a champion has been deployed.
        """
        self._active = active
        self._store = store
        self._registry = registry
        self._threads = threads
        self._name = name
        self._every_seconds = every_seconds
        self._follows = follows
        self._refused: DeployedVersion | None = None
        self._lock_path = store.cache.root / "locks" / "champion.lock"
        self._lock: IO[str] | None = None
        self._locking = Lock()
        self._has_ended = False

    @property
    def is_following(self) -> bool:
        """Whether a newly promoted champion becomes active by itself."""
        row = self._active.row
        return self._follows and (row is None or row.cause is Cause.CHAMPION)

    async def run(self, follower: DeploymentFollower) -> None:
        """Look for the champion whenever it is wanted; never returns."""
        await follower.has_looked.wait()
        while True:
            try:
                if self._is_wanted():
                    await self._look_or_wait(follower)
                else:
                    self._active.say(TOPIC, None)
                    await self._ask_anyway()
            except Exception:  # a watch that died silently would leave yesterday's model in place
                log.exception("champion.look_failed", model=self._name)
            await asyncio.sleep(self._every_seconds)

    async def look(self) -> None:
        """Ask the registry once, and let its champion become active."""
        try:
            version = await self._threads.run(self._registry.champion, self._name)
            await self._deploy(version)
        except DeploymentConflict:
            self._active.say(TOPIC, None)  # another process was faster: the row is followed
        except (OpinionLensError, OSError) as error:
            self._active.say(TOPIC, in_words(error), error)

    def close(self) -> None:
        """Let another process look for the champion."""
        with self._locking:  # a thread may be about to take the right to look
            self._has_ended = True
            if self._lock is not None:
                self._lock.close()

    async def load(self) -> tuple[DeployedVersion, ServedModel]:
        """Load the champion.

        Raises the errors of fetching and loading.
        """
        version = await self._threads.run(self._registry.champion, self._name)
        model = await self._threads.run(self._store.load, version, self._registry)
        return self._as_deployed(version), model

    async def _ask_anyway(self) -> None:
        """Find out whether the registry answers, and change nothing.

        Without this, one that had failed would count as away until somebody needs it.
        """
        known_away = self._registry.problem is not None
        if known_away or (self._follows and await self._threads.run(self._is_first)):
            with suppress(OpinionLensError, OSError):
                await self._threads.run(self._registry.champion, self._name)

    def _is_wanted(self) -> bool:
        active = self._active
        return is_wanted(
            active.row,
            row_is_known=active.row_is_known,
            has_active=active.in_memory is not None,
            follows=self._follows,
        )

    async def _look_or_wait(self, follower: DeploymentFollower) -> None:
        if await self._threads.run(self._is_first):
            await self.look()
        elif self._active.in_memory is None:
            await follower.restore()  # the first process's finding, where the database cannot say it

    async def _deploy(self, version: Version) -> None:
        """Load the champion, record it as active, serve it."""
        row = self._active.row if self._active.row_is_known else None
        target = self._as_deployed(version)
        note = _describe_loss(version)
        if row is not None and row.version == target:
            self._active.say(TOPIC, note)
            return
        if target == self._refused:  # not downloaded again and again; the reason stays
            return
        model = await self._load_unless_active(version, target)
        if not self._is_wanted():  # a person has chosen meanwhile
            self._store.free(model)
            return
        try:
            if not self._active.row_is_known:
                raise StorageUnavailable("The database does not answer.")
            await self._active.record(model, target, expected=row, by=BY, why=WHY, cause=Cause.CHAMPION)
        except StorageUnavailable:  # it is recorded when the database is back
            async with self._active.changing:
                if self._active.in_memory is None:
                    await self._active.put(model)
        self._active.say(TOPIC, note)

    async def _load_unless_active(self, version: Version, target: DeployedVersion) -> ServedModel:
        current = self._store.active
        if current is not None and target == self._active.in_memory:
            return current
        try:
            return await self._threads.run(self._store.load, version, self._registry)
        except OpinionLensError as error:
            if is_refusal(error):
                self._refused = target
            self._active.count_trouble(refused=is_refusal(error))
            raise

    def _as_deployed(self, version: Version) -> DeployedVersion:
        digest = version.digest
        if (
            digest is None
            or not is_digest(digest)
            or not (version.servable or self._store.cache.holds(digest))
        ):
            raise not_servable(version)
        return DeployedVersion(version.name, version.number, digest)

    def _is_first(self) -> bool:
        """Take and keep the right to ask the registry.

        The system passes it on when its holder dies.
        """
        with self._locking:
            if self._lock is None and not self._has_ended:
                self._lock = _try_lock(self._lock_path)
            return self._lock is not None


def _try_lock(path: Path) -> IO[str] | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("w")
    except OSError:
        return None
    try:
        lock(handle, wait=False)
    except OSError:
        handle.close()
        return None
    return handle


def _describe_loss(version: Version) -> str | None:
    """Describe a version that the registry has lost.

    Its verified copy in the cache answers.
    """
    if version.servable:
        return None
    return (
        f"{version.name} {version.number} answers from its verified copy here. What the registry has of it "
        f"cannot be served: {version.why_not_servable}"
    )
