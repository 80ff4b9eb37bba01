"""The cache: whole folders under their digest, whoever fetches and whatever breaks."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from opinionlens.base.errors import DiskUnwritable, RegistryUnavailable, SelfTestFailed, VersionNotServable
from opinionlens.base.files import write_json
from opinionlens.registry import MemoryRegistry, Version
from opinionlens.serving.cache import ArtifactCache, CachedVersion


class CountingRegistry:
    """Downloads slowly and counts how often."""

    def __init__(self, inner: MemoryRegistry) -> None:
        self.inner = inner
        self.downloads = 0

    def download(self, version: Version, into: Path) -> Path:
        self.downloads += 1
        time.sleep(0.05)
        return self.inner.download(version, into)


def entries(cache: ArtifactCache) -> set[str]:
    return {path.name for path in cache.root.iterdir()} - {"locks"} if cache.root.exists() else set()


def test_a_fetched_version_is_kept_under_its_digest(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    cached = cache.fetch(kind_version, registry)
    assert cached == CachedVersion("brand", 1, str(kind_version.digest))
    assert cache.holds(cached.digest)
    assert (cache.artifact(cached.digest) / "manifest.json").is_file()
    assert cache.versions() == [cached]


def test_a_second_fetch_needs_no_registry(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    cache.fetch(kind_version, registry)
    registry.reachable = False
    assert cache.fetch(kind_version, registry).number == 1


def test_nothing_is_left_of_a_download_that_failed(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    registry.reachable = False
    with pytest.raises(RegistryUnavailable):
        cache.fetch(kind_version, registry)
    assert entries(cache) == set()
    registry.reachable = True
    assert cache.fetch(kind_version, registry)


def test_nothing_is_left_when_the_disk_is_full(cache: ArtifactCache, kind_version: Version) -> None:
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
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    leftover = cache.root / f".{kind_version.digest}.x1y2" / "artefact"
    leftover.mkdir(parents=True)
    assert cache.versions() == []
    assert not cache.holds(str(kind_version.digest))
    cache.fetch(kind_version, registry)
    assert entries(cache) == {str(kind_version.digest)}


def test_threads_that_want_the_same_version_download_it_once(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
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
from opinionlens.serving.cache import ArtifactCache
with ArtifactCache(Path(sys.argv[1]))._locked(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_holds_among_processes_and_per_digest(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
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
    cache: ArtifactCache,
    registry: MemoryRegistry,
    kind_version: Version,
    changes: dict[str, object],
    words: str,
) -> None:
    with pytest.raises(VersionNotServable, match=words):
        cache.fetch(replace(kind_version, **changes), registry)  # type: ignore[arg-type]
    assert entries(cache) == set()


def test_the_last_good_version_is_remembered(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    assert cache.remembered() is None
    cached = cache.fetch(kind_version, registry)
    cache.remember(cached)
    assert ArtifactCache(cache.root).remembered() == cached
    cache.discard(cached.digest)
    assert cache.remembered() is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"name": "x"}', '{"name":"x","number":1,"digest":".."}'])
def test_a_damaged_memory_is_no_memory(cache: ArtifactCache, content: str) -> None:
    cache.root.mkdir()
    (cache.root / "last_good.json").write_text(content)
    assert cache.remembered() is None


def test_versions_are_listed_newest_first(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    for version in (kind_version, harsh_version):
        cache.fetch(version, registry)
    write_json(cache.root / ("f" * 64) / "version.json", {"name": "gone", "number": 1, "digest": "f" * 64})
    assert [card.number for card in cache.versions()] == [2, 1]


def test_what_fails_the_check_is_not_kept(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    steps: list[str] = []

    def refuse(artifact: Path) -> None:
        steps.append("check")
        assert (artifact / "manifest.json").is_file()
        assert not cache.holds(str(kind_version.digest))
        raise SelfTestFailed("Text 1 differs.")

    with pytest.raises(SelfTestFailed):
        cache.fetch(
            kind_version,
            registry,
            check=refuse,
            on_download=lambda: steps.append("download"),
            on_check=lambda: steps.append("on_check"),
        )
    assert steps == ["download", "on_check", "check"]
    assert entries(cache) == set()


def test_a_card_tells_what_the_registry_said(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    tags = {"evals": '{"slices": {"short_text": {"macro_f1": 0.7}}}'}
    cache.fetch(replace(kind_version, scores={"test_f1_score": 0.75}, tags=tags), registry)
    found = cache.find("brand", 1)
    assert found is not None
    assert found.facts.scores == {"test_f1_score": 0.75}
    assert found.facts.evals == {"slices": {"short_text": {"macro_f1": 0.7}}}
    assert found.facts.created == kind_version.created.isoformat()
    assert found.facts.size_bytes == cache.size_of(found.digest) > 0
    assert found.facts.loaded_at is not None


@pytest.mark.parametrize("tag", ["", "{", "[]", "null"])
def test_evals_that_cannot_be_read_are_none(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version, tag: str
) -> None:
    assert cache.fetch(replace(kind_version, tags={"evals": tag}), registry).facts.evals == {}


def test_cards_of_an_older_or_a_newer_release_are_read(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    cached = cache.fetch(kind_version, registry)
    card = cache.root / cached.digest / "version.json"
    old = {"name": "brand", "number": 1, "digest": cached.digest}
    write_json(card, old)
    assert cache.versions() == [cached]
    assert cache.versions()[0].facts.size_bytes is None
    write_json(card, old | {"facts": {"size_bytes": 7, "of_next_year": True}})
    assert cache.versions()[0].facts.size_bytes == 7


def test_two_versions_with_the_same_content_share_it(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    cache.fetch(kind_version, registry)
    twin = replace(kind_version, name="twin", number=4)
    for _ in range(2):
        assert cache.fetch(twin, registry).name == "twin"
    assert [(card.name, card.number) for card in cache.versions()] == [("brand", 1), ("twin", 4)]
    cache.forget(cache.versions()[0])
    assert cache.holds(str(kind_version.digest))
    assert [card.name for card in cache.versions()] == ["twin"]
    cache.forget(cache.versions()[0])
    assert entries(cache) == set()


def test_a_sweep_removes_leftovers_but_not_what_somebody_writes(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    cached = cache.fetch(kind_version, registry)
    dead = cache.root / f".{harsh_version.digest}.x1y2" / "artefact"
    dead.mkdir(parents=True)
    alive = cache.root / f".{'a' * 64}.z" / "artefact"
    alive.mkdir(parents=True)
    with cache._locked("a" * 64):
        cache.sweep()
    assert not dead.parent.exists()
    assert alive.exists()
    assert cache.versions() == [cached]


def test_nobody_waits_for_another_process_once_this_one_ends(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    waiting = ArtifactCache(cache.root)
    failures: list[Exception] = []

    def wait() -> None:
        try:
            waiting.fetch(kind_version, registry)
        except RegistryUnavailable as error:
            failures.append(error)

    with cache._locked(str(kind_version.digest)):
        thread = threading.Thread(target=wait)
        thread.start()
        waiting.close()
        thread.join(20)
    assert len(failures) == 1


def test_a_version_that_another_process_fetched_meanwhile_is_listed_once(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    other, begun, goes_on = ArtifactCache(cache.root), threading.Event(), threading.Event()

    class Slow:
        def download(self, version: Version, into: Path) -> Path:
            begun.set()
            assert goes_on.wait(20)
            return registry.download(version, into)

    class Never:
        def download(self, version: Version, into: Path) -> Path:
            raise AssertionError("it is here already")

    found: list[CachedVersion] = []
    first = threading.Thread(target=lambda: found.append(cache.fetch(kind_version, Slow())))
    second = threading.Thread(target=lambda: found.append(other.fetch(kind_version, Never())))
    first.start()
    assert begun.wait(20)
    second.start()
    time.sleep(0.2)  # now it waits for the lock; were it later, it would find the version and pass as well
    goes_on.set()
    for thread in (first, second):
        thread.join(20)
    assert len(found) == 2
    assert cache.versions() == [found[0]] == [found[1]]


def test_forgetting_what_is_gone_already_is_no_error(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    cached = cache.fetch(kind_version, registry)
    cache.forget(cached)
    cache.forget(cached)
    cache.discard(cached.digest)
    assert cache.versions() == []


def test_a_stray_file_does_not_stop_a_fetch(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    cache.root.mkdir(parents=True)
    (cache.root / f".{kind_version.digest}.stray").write_text("no folder")
    assert cache.fetch(kind_version, registry).number == 1
    cache.sweep()
    assert len(cache.versions()) == 1


def test_the_size_of_a_version_is_that_of_its_files_at_any_depth(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    cached = cache.fetch(kind_version, registry)
    files = list(cache.artifact(cached.digest).iterdir())
    before = sum(len(path.read_bytes()) for path in files)
    deep = cache.artifact(cached.digest) / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "more").write_bytes(b"x" * 1_000)
    assert cache.size_of(cached.digest) == before + 1_000


def test_a_version_is_found_by_its_name_and_number(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    for version in (kind_version, harsh_version):
        cache.fetch(version, registry)
    for number in (1, 2):
        found = cache.find("brand", number)
        assert found is not None
        assert found.number == number
    assert cache.find("brand", 0) is None
    assert cache.find("brand", 3) is None
    assert cache.find("another", 1) is None


def test_a_download_that_ends_while_its_bytes_are_counted_counts_nothing(
    cache: ArtifactCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = "a" * 64
    aside = cache.root / f".{digest}.0123abcd"
    aside.mkdir(parents=True)
    scandir = os.scandir

    def renamed_just_before(path: str | Path) -> object:
        if str(path).startswith(str(aside)):
            aside.rename(cache.root / digest)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", renamed_just_before)
    assert cache.bytes_arrived(digest) == 0


def test_a_download_that_ends_while_versions_are_listed_stops_no_list(
    cache: ArtifactCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = "a" * 64
    aside = cache.root / f".{digest}.0123abcd"
    aside.mkdir(parents=True)
    (cache.root / ("b" * 64)).mkdir()
    listdir, scandir = os.listdir, os.scandir

    def vanish(path: object) -> None:
        for folder in (aside, cache.root / ("b" * 64)):
            if str(path) == str(folder):
                folder.rmdir()

    def vanished_just_before(list_of: Callable[..., object]) -> Callable[..., object]:
        def found(path: object = ".") -> object:
            vanish(path)
            return list_of(path)

        return found

    monkeypatch.setattr(os, "listdir", vanished_just_before(listdir))
    monkeypatch.setattr(os, "scandir", vanished_just_before(scandir))
    assert cache.versions() == []
    assert cache.find("opinionlens", 1) is None
