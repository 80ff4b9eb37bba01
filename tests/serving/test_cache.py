"""The cache: whole folders under their digest, whoever fetches and whatever breaks."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from opinionlens.errors import DiskUnwritable, RegistryUnavailable, VersionNotServable
from opinionlens.files import write_json
from opinionlens.registry import MemoryRegistry, Version
from opinionlens.serving.cache import ArtefactCache, CachedVersion


class CountingRegistry:
    """Downloads slowly and counts how often."""

    def __init__(self, inner: MemoryRegistry) -> None:
        self.inner = inner
        self.downloads = 0

    def download(self, version: Version, into: Path) -> Path:
        self.downloads += 1
        time.sleep(0.05)
        return self.inner.download(version, into)


def entries(cache: ArtefactCache) -> set[str]:
    return {path.name for path in cache.root.iterdir()} - {"locks"} if cache.root.exists() else set()


def test_a_fetched_version_is_kept_under_its_digest(
    cache: ArtefactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    cached = cache.fetch(kind_version, registry)
    assert cached == CachedVersion("brand", 1, str(kind_version.digest))
    assert cache.holds(cached.digest)
    assert (cache.artefact(cached.digest) / "manifest.json").is_file()
    assert cache.versions() == [cached]


def test_a_second_fetch_needs_no_registry(
    cache: ArtefactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    cache.fetch(kind_version, registry)
    registry.reachable = False
    assert cache.fetch(kind_version, registry).number == 1


def test_nothing_is_left_of_a_download_that_failed(
    cache: ArtefactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    registry.reachable = False
    with pytest.raises(RegistryUnavailable):
        cache.fetch(kind_version, registry)
    assert entries(cache) == set()
    registry.reachable = True
    assert cache.fetch(kind_version, registry)


def test_nothing_is_left_when_the_disk_is_full(cache: ArtefactCache, kind_version: Version) -> None:
    class FullDisk:
        def download(self, version: Version, into: Path) -> Path:
            into.mkdir(parents=True)
            (into / "half").write_text("…")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskUnwritable, match="The disk is full"):
        cache.fetch(kind_version, FullDisk())
    assert entries(cache) == set()
    assert not cache.holds(str(kind_version.digest))


def test_what_a_killed_process_left_is_no_version_and_is_removed(
    cache: ArtefactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    leftover = cache.root / f".{kind_version.digest}.x1y2" / "artefact"
    leftover.mkdir(parents=True)
    assert cache.versions() == []
    assert not cache.holds(str(kind_version.digest))
    cache.fetch(kind_version, registry)
    assert entries(cache) == {str(kind_version.digest)}


def test_threads_that_want_the_same_version_download_it_once(
    cache: ArtefactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    counting = CountingRegistry(registry)
    threads = [threading.Thread(target=cache.fetch, args=(kind_version, counting)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counting.downloads == 1


# Takes the lock, says so, and holds it until its standard input ends.
HOLD_LOCK = """
import sys
from pathlib import Path
from opinionlens.serving.cache import ArtefactCache
with ArtefactCache(Path(sys.argv[1]))._locked(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_holds_among_processes_and_per_digest(
    cache: ArtefactCache, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    command = [sys.executable, "-c", HOLD_LOCK, str(cache.root), str(kind_version.digest)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        cache.fetch(harsh_version, registry)  # another digest is free
        waiting = threading.Thread(target=cache.fetch, args=(kind_version, registry))
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        other.communicate(timeout=20)
    waiting.join(10)
    assert cache.holds(str(kind_version.digest))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"servable": False, "why_not_servable": "It is a pickle."}, "It is a pickle."),
        ({"digest": None}, "digest"),
        ({"digest": "../../etc"}, "digest"),
        ({"digest": "A" * 64}, "digest"),
    ],
)
def test_what_cannot_be_served_is_refused_before_any_download(
    cache: ArtefactCache,
    registry: MemoryRegistry,
    kind_version: Version,
    changes: dict[str, object],
    words: str,
) -> None:
    with pytest.raises(VersionNotServable, match=words):
        cache.fetch(replace(kind_version, **changes), registry)  # type: ignore[arg-type]
    assert entries(cache) == set()


def test_the_last_good_version_is_remembered(
    cache: ArtefactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    assert cache.remembered() is None
    cached = cache.fetch(kind_version, registry)
    cache.remember(cached)
    assert ArtefactCache(cache.root).remembered() == cached
    cache.discard(cached.digest)
    assert cache.remembered() is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"name": "x"}', '{"name":"x","number":1,"digest":".."}'])
def test_a_damaged_memory_is_no_memory(cache: ArtefactCache, content: str) -> None:
    cache.root.mkdir()
    (cache.root / "last_good.json").write_text(content)
    assert cache.remembered() is None


def test_versions_are_listed_newest_first(
    cache: ArtefactCache, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    for version in (kind_version, harsh_version):
        cache.fetch(version, registry)
    write_json(cache.root / ("f" * 64) / "version.json", {"name": "gone", "number": 1, "digest": "f" * 64})
    assert [card.number for card in cache.versions()] == [2, 1]
