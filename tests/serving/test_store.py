"""The store: verified before active, new before old, never nothing for longer than needed."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from opinionlens.base.errors import (
    ArtifactTampered,
    LibraryMissing,
    ModelNotAvailableError,
    RegistryUnavailable,
    SelfTestFailed,
)
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.kinds import library_missing
from opinionlens.classifiers.linear import pacing
from opinionlens.classifiers.load import load_classifier
from opinionlens.registry import MemoryRegistry, Version
from opinionlens.serving.cache import ArtifactCache
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.text.labels import Label


def label_of(store: ModelStore) -> Label:
    return store.current().classifier.predict("great").label


def test_nothing_answers_at_first(store: ModelStore) -> None:
    assert store.active is None
    with pytest.raises(ModelNotAvailableError):
        store.current()


def test_the_fallback_answers_until_something_is_active(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    fallback = ModelStore(cache).load(harsh_version, registry)
    store = ModelStore(cache, fallback=fallback)
    assert store.current() is fallback
    assert store.active is None
    store.activate(store.load(kind_version, registry))
    assert label_of(store) is Label.POSITIVE


def test_loading_leaves_what_is_active_alone(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    store.activate(store.load(kind_version, registry))
    loaded = store.load(harsh_version, registry)
    assert label_of(store) is Label.POSITIVE
    old = store.activate(loaded)
    assert label_of(store) is Label.NEGATIVE
    assert (old is not None and old.version, loaded.version, loaded.kind) == (1, 2, "linear")


def test_a_version_that_cannot_be_fetched_changes_nothing(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    store.activate(store.load(kind_version, registry))
    registry.reachable = False
    with pytest.raises(RegistryUnavailable):
        store.load(harsh_version, registry)
    assert label_of(store) is Label.POSITIVE


def test_a_tampered_download_is_refused_and_not_kept(
    store: ModelStore, cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version, tmp_path: Path
) -> None:
    manifest = (tmp_path / "made" / "manifest.json").read_bytes()
    registry.replace_files("brand", 1, {"manifest.json": manifest, "weights.npz": b"other weights"})
    with pytest.raises(ArtifactTampered):
        store.load(kind_version, registry)
    assert store.active is None
    assert cache.versions() == []


def test_a_copy_damaged_on_this_disk_is_fetched_once_more(
    store: ModelStore, cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    cached = cache.fetch(kind_version, registry)
    (cache.artifact(cached.digest) / "weights.npz").write_bytes(b"rot")
    assert store.load(kind_version, registry).version == 1


def test_a_failing_self_test_is_refused_and_not_kept(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    def fails(path: Path, digest: str) -> None:
        raise SelfTestFailed("Text 1 differs.")

    store = ModelStore(cache, load=fails)  # type: ignore[arg-type]
    with pytest.raises(SelfTestFailed):
        store.load(kind_version, registry)
    assert cache.versions() == []


def test_a_copy_stays_where_only_a_library_is_missing(
    store: ModelStore, cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    cached = store.cache.fetch(kind_version, registry)

    def lacks(path: Path, digest: str) -> Classifier:
        raise library_missing("skops", "skops")

    with pytest.raises(LibraryMissing, match=r"needs the package skops"):
        ModelStore(cache, load=lacks).load_cached(cached)
    assert cache.holds(cached.digest)
    assert store.load_cached(cached).version == 1  # a process that has it, or this one later


def test_the_loader_is_told_the_registered_digest(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version
) -> None:
    told: list[str] = []

    def load(path: Path, digest: str) -> object:
        told.append(digest)
        return object()

    ModelStore(cache, load=load).load(kind_version, registry)  # type: ignore[arg-type]
    assert told == [kind_version.digest]


def test_a_new_process_restores_what_answered_last(
    store: ModelStore,
    cache: ArtifactCache,
    registry: MemoryRegistry,
    kind_version: Version,
    harsh_version: Version,
) -> None:
    store.activate(store.load(harsh_version, registry))
    store.activate(store.load(kind_version, registry))
    fresh = ModelStore(ArtifactCache(cache.root))
    restored = fresh.restore()
    assert restored is not None
    assert (restored.name, restored.version, restored.digest) == ("brand", 1, kind_version.digest)
    assert fresh.active is None


def test_nothing_to_restore_is_none(store: ModelStore) -> None:
    assert store.restore() is None


def test_a_cache_that_cannot_be_written_does_not_stop_activation(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: ArtifactCache, version: object) -> None:
        raise OSError(30, "Read-only file system")

    model = store.load(kind_version, registry)
    monkeypatch.setattr(ArtifactCache, "remember", refuse)
    store.activate(model)
    assert store.current() is model


def test_activation_clears_the_problem(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version
) -> None:
    store.problem = "The registry does not answer."
    store.activate(store.load(kind_version, registry))
    assert store.problem is None


@pytest.mark.slow
def test_readers_always_find_a_whole_model_while_swapping(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    models = [store.load(version, registry) for version in (kind_version, harsh_version)]
    expected = {1: Label.POSITIVE, 2: Label.NEGATIVE}
    store.activate(models[0])
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            model: ServedModel = store.current()
            if model.classifier.predict("great").label is not expected[model.version or 0]:
                wrong.append(model)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(200):
        store.activate(models[turn % 2])
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_a_load_pauses_only_while_a_model_answers(
    cache: ArtifactCache, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    pauses: list[list[float]] = []

    def load(path: Path, digest: str) -> Classifier:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pacing, "time", SimpleNamespace(sleep=pauses[-1].append))
            list(pacing.slices(range(2_500)))
        return load_classifier(path, digest)

    store = ModelStore(cache, load=load)
    pauses.append([])
    store.activate(store.load(kind_version, registry))
    pauses.append([])
    store.activate(store.load(harsh_version, registry))
    assert pauses[0] == []
    assert len(pauses[1]) == 3
    assert all(0 < pause < 0.005 for pause in pauses[1])
