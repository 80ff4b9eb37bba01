"""The watch: last good first, then the champion; faults are said, never fatal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from opinionlens.errors import RegistryUnavailable
from opinionlens.registry import MemoryRegistry, Version
from opinionlens.serving.cache import ArtefactCache
from opinionlens.serving.champion import CHAMPION, ChampionWatch
from opinionlens.serving.store import ModelStore


def watch_of(
    store: ModelStore, registry: object, *, follow: bool = False, pause: float = 0.01
) -> ChampionWatch:
    return ChampionWatch(store, registry, name="brand", every_seconds=pause, follow=follow)  # type: ignore[arg-type]


def version_of(store: ModelStore) -> int | None:
    return store.active.version if store.active else None


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    for _ in range(round(seconds * 100)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came about")


def test_the_champion_is_brought_and_the_watch_ends(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    registry.set_alias("brand", CHAMPION, 1)
    asyncio.run(asyncio.wait_for(watch_of(store, registry).run(), 10))
    assert version_of(store) == 1
    assert store.problem is None


def test_with_the_registry_away_the_last_good_version_answers(
    store: ModelStore, cache: ArtefactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    registry.set_alias("brand", CHAMPION, 1)
    watch_of(store, registry).look()
    registry.reachable = False
    fresh = ModelStore(ArtefactCache(cache.root))

    async def start_and_come_back() -> None:
        running = asyncio.create_task(watch_of(fresh, registry).run())
        await until(lambda: fresh.problem is not None)
        assert version_of(fresh) == 1
        assert "does not answer" in str(fresh.problem)
        registry.reachable = True
        await asyncio.wait_for(running, 5)
        assert fresh.problem is None

    asyncio.run(start_and_come_back())


def test_a_first_champion_is_waited_for(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version
) -> None:
    async def start_then_promote() -> None:
        running = asyncio.create_task(watch_of(store, registry).run())
        await until(lambda: store.problem is not None)
        assert store.active is None
        registry.set_alias("brand", CHAMPION, 1)
        await asyncio.wait_for(running, 5)

    asyncio.run(start_then_promote())
    assert version_of(store) == 1


@pytest.mark.parametrize("follow", [True, False])
def test_a_new_champion_is_taken_up_only_when_following(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version, harsh_version: Version, follow: bool
) -> None:
    registry.set_alias("brand", CHAMPION, 1)

    async def promote_while_running() -> None:
        running = asyncio.create_task(watch_of(store, registry, follow=follow).run())
        await until(lambda: version_of(store) == 1)
        registry.set_alias("brand", CHAMPION, 2)
        if follow:
            await until(lambda: version_of(store) == 2)
        await asyncio.sleep(0.1)
        assert running.done() is not follow
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(promote_while_running())
    assert version_of(store) == (2 if follow else 1)


def test_a_refused_artefact_leaves_the_old_one_and_is_not_downloaded_again(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version, harsh_version: Version, tmp_path: Path
) -> None:
    watch = watch_of(store, registry)
    registry.set_alias("brand", CHAMPION, 1)
    assert watch.look()
    manifest = (tmp_path / "made" / "manifest.json").read_bytes()
    registry.replace_files("brand", 2, {"manifest.json": manifest, "weights.npz": b"other weights"})
    registry.set_alias("brand", CHAMPION, 2)
    assert not watch.look()
    assert version_of(store) == 1
    assert "damaged or was changed" in str(store.problem)
    registry.download = None  # type: ignore[method-assign, assignment]  # a second download would fail loudly
    assert not watch.look()
    assert "damaged or was changed" in str(store.problem)


def test_a_damaged_memory_is_said_and_the_champion_still_comes(
    store: ModelStore, cache: ArtefactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    registry.set_alias("brand", CHAMPION, 1)
    watch_of(store, registry).look()
    (cache.artefact(str(kind_version.digest)) / "weights.npz").write_bytes(b"rot")
    fresh = ModelStore(ArtefactCache(cache.root))
    watch = watch_of(fresh, registry)
    watch.restore()
    assert fresh.active is None
    assert "last good version" in str(fresh.problem)
    assert watch.look()
    assert version_of(fresh) == 1


def test_a_full_disk_is_said(store: ModelStore, registry: MemoryRegistry, kind_version: Version) -> None:
    class FullDisk(MemoryRegistry):
        def download(self, version: Version, into: Path) -> Path:
            raise OSError(28, "No space left on device")

        def by_alias(self, name: str, alias: str) -> Version:
            return kind_version

    assert not watch_of(store, FullDisk()).look()
    assert "No space left on device" in str(store.problem)


def test_the_same_problem_is_logged_once(store: ModelStore, registry: MemoryRegistry) -> None:
    watch = watch_of(store, registry)
    with capture_logs() as lines:
        for _ in range(3):
            watch.look()
    assert [line["event"] for line in lines] == ["champion.not_served"]


def test_the_watch_outlives_surprises(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version
) -> None:
    registry.set_alias("brand", CHAMPION, 1)
    answers = iter([ZeroDivisionError(), RegistryUnavailable("away")])

    class Moody(MemoryRegistry):
        def by_alias(self, name: str, alias: str) -> Version:
            for error in answers:
                raise error
            return registry.by_alias(name, alias)

        def download(self, version: Version, into: Path) -> Path:
            return registry.download(version, into)

    with capture_logs() as lines:
        asyncio.run(asyncio.wait_for(watch_of(store, Moody()).run(), 10))
    assert version_of(store) == 1
    assert "champion.look_failed" in {line["event"] for line in lines}
