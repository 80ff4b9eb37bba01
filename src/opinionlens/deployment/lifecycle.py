"""The lifecycle of versions, for pages and API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import structlog

from opinionlens.base.errors import ArtifactError, ServingBusy
from opinionlens.base.settings import Settings
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.deployment.active import ActiveVersion
from opinionlens.deployment.champion import ChampionFollower
from opinionlens.deployment.errors import FollowingIsOff, ModelIsActive, ModelNotLoaded
from opinionlens.deployment.fetching import Fetching
from opinionlens.deployment.folder import FolderModel, FolderVersion, is_from_folder
from opinionlens.deployment.following import POLL_SECONDS, DeploymentFollower
from opinionlens.deployment.listing import RegisteredPage, registered_page
from opinionlens.deployment.model_ids import model_id_of, name_and_number
from opinionlens.deployment.observer import NullObserver, Observer
from opinionlens.deployment.tried import TriedModel
from opinionlens.deployment.watched_registry import WatchedRegistry
from opinionlens.deployment.worker_threads import Threads
from opinionlens.registry import Registry
from opinionlens.registry.challenger import challenger_of
from opinionlens.serving.cached_version import CachedVersion
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.storage import deployments
from opinionlens.storage.deployments import Cause, DeployedVersion, Deployment
from opinionlens.storage.errors import DeploymentConflict, NoEarlierDeployment, StorageError
from opinionlens.storage.paging import Page
from opinionlens.storage.records import Records

log = structlog.get_logger("lifecycle")

T = TypeVar("T")

_THREADS = 6
# Calls that wait for the registry have threads of their own, so that they hold up nothing else: lists,
# versions that are deployed but not in the cache, the champion.
_LISTING_THREADS = 4
_MISSING_THREADS = 2
_CHAMPION_THREADS = 2
# Lists that are being made or wait; one more is refused.
MAX_LISTS = 8


@dataclass(frozen=True, slots=True)
class LoadedVersion:
    """A version here, with its manifest.

    It is in the cache or in the served folder. A damaged one has a problem in place of the manifest.
    """

    cached: CachedVersion | FolderVersion
    manifest: Manifest | None
    problem: str | None = None


class Lifecycle:
    """Deployment of versions in this app.

    Belongs to the event loop, and never blocks it.
    """

    def __init__(
        self,
        settings: Settings,
        store: ModelStore,
        records: Records,
        registry: Registry,
        observer: Observer | None = None,
    ) -> None:
        """Start nothing yet."""
        observer = observer or NullObserver()
        self._threads = Threads(_THREADS, "lifecycle")
        self._listing_threads = Threads(_LISTING_THREADS, "listing")
        self._missing_threads = Threads(_MISSING_THREADS, "missing")
        self._champion_threads = Threads(_CHAMPION_THREADS, "champion")
        self._lists = 0
        self._store = store
        self._records = records
        self._tried = TriedModel(store)
        self._tasks: list[asyncio.Task[None]] = []
        self.streams: set[object] = set()  # one for each page that listens to a fetch
        # Beside a folder no answer depends on the registry: that one is away, or absent, is worth no alert.
        is_needed = settings.api.model_path is None
        self.registry = WatchedRegistry(registry, observer if is_needed else NullObserver())
        self.active = ActiveVersion(store, records, self._threads, observer)
        self.follower = DeploymentFollower(
            self.active, store, self.registry, self._threads, self._missing_threads
        )
        self.champion = ChampionFollower(
            self.active,
            store,
            self.registry,
            self._champion_threads,
            name=settings.api.model_name,
            every_seconds=settings.api.follow_seconds,
            follows=settings.follows_champion,
        )
        self.fetching = Fetching(store, self.registry, self._threads, activate=self._activate_fetched)
        self._follows = settings.follows_champion
        self.folder: FolderModel | None = None
        if settings.api.model_path is not None:
            self.folder = FolderModel(
                self.active, self._threads, folder=settings.api.model_path, name=settings.api.model_name
            )

    def start(self) -> None:
        """Begin to follow row and champion, or the folder.

        On the event loop.
        """
        if self.folder is not None:
            following = [self.folder.run()]
        else:
            following = [self.follower.run(), self.champion.run(self.follower)]
        self._tasks = [asyncio.create_task(each) for each in (*following, self._keep_tidy())]

    async def close(self) -> None:
        """End all tasks and threads.

        Calls that wait for the registry must have been told to end before.
        """
        for task in self._tasks:
            task.cancel()
        self._store.cache.close()
        await self.fetching.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.champion.close()
        for threads in (
            self._threads,
            self._listing_threads,
            self._missing_threads,
            self._champion_threads,
        ):
            threads.close()

    async def row(self) -> Deployment | None:
        """Return the deployment that counts, or None.

        It is the last one; while the database is away, the one that was read last. None counts while a folder
        is served.
        """
        if self.folder is not None:
            return None
        if self.active.database_problem is None and self._records.is_ready:
            await self.active.read_row()
        return self.active.row

    def is_active(self, version: CachedVersion | DeployedVersion | FolderVersion) -> bool:
        """Tell whether this is the active version.

        The last row that was read decides, or the served folder.
        """
        active: DeployedVersion | FolderVersion | None
        if self.folder is not None:
            active = self.folder.version
        else:
            row = self.active.row
            active = self.active.in_memory if row is None else row.version
        key = (version.name, version.number, version.digest)
        return active is not None and key == (active.name, active.number, active.digest)

    async def loaded(self) -> list[LoadedVersion]:
        """Return the versions that can be asked, the folder's first."""
        cached = await self._threads.run(
            lambda: [_with_manifest(self._store, card) for card in self._store.cache.versions()]
        )
        return [*([served] if (served := self._served_folder()) else []), *cached]

    async def find(self, model_id: str) -> LoadedVersion:
        """Return one of the versions. Raises ModelNotLoaded."""
        if (served := self._served_folder(model_id)) is not None:
            return served
        cached = await self._find(model_id)
        return await self._threads.run(_with_manifest, self._store, cached)

    async def history(self, *, limit: int, before: int | None) -> Page[Deployment]:
        """Return deployments, the last first. Raises StorageUnavailable."""
        return await self._records.read(deployments.history, limit=limit, before=before)

    async def registered(self, *, limit: int, offset: int, name: str | None) -> RegisteredPage:
        """Return one page of the registry's versions.

        Raises:
            RegistryError: it does not answer.
            ServingBusy: too many wait for such lists already.
        """
        if self._lists >= MAX_LISTS:
            raise ServingBusy("Too many wait for lists of the registry.", remedy="Try again in a moment.")
        self._lists += 1
        try:
            threads = self._listing_threads
            return await registered_page(self.registry, threads, limit=limit, offset=offset, name=name)
        finally:
            self._lists -= 1

    async def cached_versions(self) -> list[CachedVersion]:
        """Return the cards of the versions in the cache."""
        return await self._threads.run(self._store.cache.versions)

    async def activate(self, model_id: str, *, by: str, why: str, expected: int | None) -> Deployment:
        """Activate a version in the cache, for every process.

        Args:
            model_id: the version.
            by: the name of the user or key.
            why: the reason given.
            expected: the number of the deployment that the caller takes for the last; unchecked for None.

        Raises:
            ModelIsFromFolder: the settings name a folder that is served.
            ModelNotLoaded: it is not in the cache.
            ArtifactError: it may not serve (any more).
            DeploymentConflict: there is a later deployment; nothing has changed.
            StorageUnavailable: nothing has changed.
        """
        self.check_may_change()
        cached = await self._find(model_id)
        row = await self._expected_row(expected)
        version = DeployedVersion(cached.name, cached.number, cached.digest)
        model = await self._load_verified(version)
        if not self._store.cache.holds(cached.digest):  # it was deleted while it was loaded
            self._store.free(model)
            raise _not_loaded(model_id)
        await self._threads.run(self._tried.drop, cached.digest)
        return await self._record(model, self.active.record(model, version, expected=row, by=by, why=why))

    async def roll_back(self, *, by: str, why: str, expected: int | None) -> Deployment:
        """Activate the version before the active one.

        Raises the same as `activate`, and these.

        Raises:
            NoEarlierDeployment: no other version was active before.
            RegistryError: the version is no longer in the cache, and cannot be fetched; nothing has changed.
        """
        self.check_may_change()
        row = await self._expected_row(expected)
        target = await self._records.read(deployments.rollback_target)
        if row is None or target is None:
            raise NoEarlierDeployment("No other version was active before.")
        model = await self._load_verified(target.version)
        return await self._record(model, self.active.record_rollback(model, expected=row, by=by, why=why))

    async def follow(self, *, by: str, why: str) -> Deployment:
        """Activate the champion, and follow later ones.

        Raises:
            ModelIsFromFolder: the settings name a folder that is served.
            FollowingIsOff: the settings do not allow it.
        """
        self.check_may_change()
        if not self._follows:
            raise FollowingIsOff(
                "The champion is not followed here.", remedy="API__FOLLOW_CHAMPION=true would change that."
            )
        row = await self.active.last_row()
        version, model = await self.champion.load()
        recording = self.active.record(model, version, expected=row, by=by, why=why, cause=Cause.CHAMPION)
        return await self._record(model, recording)

    async def delete(self, model_id: str) -> None:
        """Remove a version from the cache.

        Raises:
            ModelNotLoaded: it is not there.
            ModelIsActive: it answers, here or in another process.
            StorageUnavailable: the active version is unknown; nothing has changed.
        """
        if self._served_folder(model_id) is not None:
            raise ModelIsActive(f"{model_id} is active, and comes from a folder of yours.")
        cached = await self._find(model_id)
        row = await self.active.last_row()
        here = self.active.in_memory
        there = None if row is None else row.version
        if cached.digest in {version.digest for version in (there, here) if version is not None}:
            raise ModelIsActive(f"{model_id} is active.", remedy="Activate another version first.")
        await self._threads.run(self._tried.drop, cached.digest)
        await self._threads.run(self._store.cache.forget, cached)

    async def on_tried(self, model_id: str, work: Callable[[ServedModel], T]) -> T:
        """Return `work` of a version in the cache.

        It need not be active. Raises ArtifactError.
        """
        model = self._store.active
        if model is not None and self._served_folder(model_id) is not None:
            return await self._threads.run(work, model)
        cached = await self._find(model_id)
        if model is not None and model.digest == cached.digest:  # one in memory is enough
            named = replace(model, name=cached.name, version=cached.number)
            return await self._threads.run(work, named)
        return await self._threads.run(lambda: work(self._tried.get(cached)))

    async def on_challenger(self, work: Callable[[ServedModel | None], T]) -> T:
        """Return `work` of the version that may come next.

        It is the newest in the cache that is newer than the active one; None where there is none, or where
        its copy is damaged.
        """
        model = await self._challenger()
        return await self._threads.run(work, model)

    async def _challenger(self) -> ServedModel | None:
        active = self._store.active
        if active is None or not isinstance(active.version, int):
            return None
        cached = challenger_of((active.name, active.version), await self.cached_versions())
        if cached is None:
            return None
        try:
            return await self._threads.run(self._tried.get, cached)
        except ArtifactError as error:
            log.warning("challenger.damaged", name=cached.name, version=cached.number, reason=str(error))
            return None

    def check_may_change(self) -> None:
        """Raise ModelIsFromFolder if the settings name a folder."""
        if self.folder is not None:
            raise is_from_folder()

    def _served_folder(self, model_id: str | None = None) -> LoadedVersion | None:
        """Return the folder's version, if one answers under the id."""
        version = None if self.folder is None else self.folder.version
        model = self._store.active
        if version is None or model is None:
            return None
        if model_id is not None and model_id != model_id_of(version.name, version.number):
            return None
        return LoadedVersion(version, model.classifier.manifest)

    async def _find(self, model_id: str) -> CachedVersion:
        cached = await self._threads.run(self._store.cache.find, *name_and_number(model_id))
        if cached is None:
            raise _not_loaded(model_id)
        return cached

    async def _expected_row(self, expected: int | None) -> Deployment | None:
        row = await self.active.last_row()
        last = deployments.NONE_YET if row is None else row.number
        if expected is not None and expected != last:
            raise DeploymentConflict(
                "Another version has been activated meanwhile.",
                remedy="Look at the history, then decide again.",
            )
        return row

    async def _load_verified(self, version: DeployedVersion) -> ServedModel:
        """Verify and load a version, fetched again if needed.

        That is where its copy is damaged or gone.
        """
        return await self.follower.load(version)

    async def _record(self, model: ServedModel, recording: Awaitable[Deployment]) -> Deployment:
        try:
            return await recording
        except StorageError:
            self._store.free(model)
            raise

    async def _activate_fetched(self, model: ServedModel, why: str, by: str) -> Deployment:
        row = await self.active.last_row()
        number = model.version if isinstance(model.version, int) else 0
        version = DeployedVersion(model.name, number, model.digest or "")
        return await self._record(model, self.active.record(model, version, expected=row, by=by, why=why))

    async def _keep_tidy(self) -> None:
        await self._threads.run(self._store.cache.sweep)
        while True:
            await asyncio.sleep(POLL_SECONDS)
            self._tried.drop_if_idle()


def _not_loaded(model_id: str) -> ModelNotLoaded:
    return ModelNotLoaded(f"{model_id} is not loaded.", remedy="Fetch it from the registry first.")


def _with_manifest(store: ModelStore, cached: CachedVersion) -> LoadedVersion:
    artifact: Path = store.cache.artifact(cached.digest)
    try:
        return LoadedVersion(cached, read_manifest(artifact).manifest)
    except ArtifactError as error:
        return LoadedVersion(cached, None, error.what)
