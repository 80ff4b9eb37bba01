"""A lifecycle over a real database file, a real cache and a registry whose troubles a test chooses."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from tests.support.waiting import async_wait_until

from opinionlens.base.setting_groups import ApiSettings
from opinionlens.base.settings import Settings
from opinionlens.deployment.lifecycle import Lifecycle
from opinionlens.registry import MemoryRegistry, Version
from opinionlens.registry.port import BYTES_TAG, CHAMPION
from opinionlens.serving.cache import ArtifactCache
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.storage import deployments
from opinionlens.storage.database import Database
from opinionlens.storage.deployments import Deployment
from opinionlens.storage.errors import StorageUnavailable
from opinionlens.storage.migrating import migrate
from opinionlens.storage.records import Records

NAME = "opinionlens"


class TroubledRegistry(MemoryRegistry):
    """Downloads when it is let, fails as it is told, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.downloads = 0
        self.looks = 0
        self.begun = threading.Event()  # the first half of a download has arrived
        self.go_on = threading.Event()
        self.go_on.set()
        self.failure: Exception | None = None

    def by_alias(self, name: str, alias: str) -> Version:
        self.looks += 1
        return super().by_alias(name, alias)

    def download(self, version: Version, into: Path) -> Path:
        self.downloads += 1
        into.mkdir(parents=True)
        (into / "half").write_bytes(b"x" * 100)
        self.begun.set()
        self.go_on.wait(20)
        if self.failure is not None:
            raise self.failure
        (into / "half").unlink()
        into.rmdir()
        return super().download(version, into)


class TroubledRecords(Records):
    """A database that can be taken away."""

    away = False

    async def read(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if self.away:
            raise StorageUnavailable("The database does not answer as it should.")
        return await super().read(work, *args, **kwargs)

    async def write(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if self.away:
            raise StorageUnavailable("The database does not answer as it should.")
        return await super().write(work, *args, **kwargs)


class Seen:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.swaps: list[str] = []
        self.models: list[ServedModel | None] = []
        self.registry_up: list[bool] = []
        self.behind: list[float] = []

    def count_swap(self, outcome: str) -> None:
        self.swaps.append(outcome)

    def set_active_model(self, model: ServedModel | None) -> None:
        self.models.append(model)

    def set_model_behind(self, seconds: float) -> None:
        self.behind.append(seconds)

    def set_registry_up(self, is_up: bool) -> None:
        self.registry_up.append(is_up)


class Rig:
    """One process with its lifecycle; a second one over the same folder is another worker."""

    def __init__(
        self, folder: Path, registry: MemoryRegistry, *, follow: bool = True, model_path: Path | None = None
    ) -> None:
        self.folder = folder
        self.registry = registry
        self.store = ModelStore(ArtifactCache(folder / "models"))
        self.records = TroubledRecords(Database(f"sqlite:///{folder / 'opinionlens.db'}"))
        self.seen = Seen()
        api = ApiSettings(model_name=NAME, follow_seconds=1, follow_champion=follow, model_path=model_path)
        settings = Settings().model_copy(update={"api": api})
        self.lifecycle = Lifecycle(settings, self.store, self.records, registry, self.seen)

    @property
    def version(self) -> int | None:
        return None if self.store.active is None else self.store.active.version

    def rows(self) -> list[Deployment]:
        """All deployments, the first first."""
        with closing(Database(f"sqlite:///{self.folder / 'opinionlens.db'}")) as database:
            return list(reversed(deployments.history(database, limit=100).rows))

    def aside(self) -> list[str]:
        """What a download has left half-written."""
        return sorted(path.name for path in self.store.cache.root.glob(".*"))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Lifecycle]:
        self.records.start()
        self.lifecycle.start()
        try:
            yield self.lifecycle
        finally:
            await self.lifecycle.close()
            await asyncio.to_thread(self.records.close)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "migrated.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def registry() -> TroubledRegistry:
    return TroubledRegistry()


@pytest.fixture
def register(
    registry: MemoryRegistry, write_word_model: Callable[..., str], tmp_path: Path
) -> Callable[..., Version]:
    """A function that registers one more version; `words` makes it another one than the last."""

    def add(words: Mapping[str, float], *, champion: bool = False) -> Version:
        folder = tmp_path / "made"
        digest = write_word_model(folder, words)
        size = sum(path.stat().st_size for path in folder.iterdir())
        tags = {BYTES_TAG: str(size)}
        scores = {"test_f1_score": 0.7}
        version = registry.register(NAME, folder, digest=digest, run_id=None, tags=tags, scores=scores)
        if champion:
            registry.set_alias(NAME, CHAMPION, version.number)
        return version

    return add


@pytest.fixture
def versions(register: Callable[..., Version]) -> list[Version]:
    """Three versions, the first of them champion; `great` is great, awful, great again."""
    return [
        register({"great": 3.0}, champion=True),
        register({"great": -3.0}),
        register({"great": 2.0}),
    ]


@pytest.fixture
def make_rig(tmp_path: Path, migrated_file: Path, registry: TroubledRegistry) -> Callable[..., Rig]:
    def make(**options: Any) -> Rig:
        folder = tmp_path / "app"
        if not folder.exists():
            folder.mkdir()
            shutil.copy(migrated_file, folder / "opinionlens.db")
        return Rig(folder, registry, **options)

    return make


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    return make_rig()


@pytest.fixture
def until() -> Callable[..., Any]:
    """A function that returns once a condition holds."""

    return async_wait_until
