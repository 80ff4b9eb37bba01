"""A registry with two versions of a small model, and where they are cached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from opinionlens.registry import MemoryRegistry, Version
from opinionlens.serving.cache import ArtifactCache
from opinionlens.serving.store import ModelStore

WriteWordModel = Callable[..., str]


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def register(
    registry: MemoryRegistry, write_word_model: WriteWordModel, tmp_path: Path
) -> Callable[[Mapping[str, float]], Version]:
    def add(words: Mapping[str, float]) -> Version:
        folder = tmp_path / "made"
        digest = write_word_model(folder, words)
        return registry.register("brand", folder, digest=digest, run_id=None, tags={}, scores={})

    return add


@pytest.fixture
def kind_version(register: Callable[[Mapping[str, float]], Version]) -> Version:
    return register({"great": 3.0})


@pytest.fixture
def harsh_version(register: Callable[[Mapping[str, float]], Version], kind_version: Version) -> Version:
    return register({"great": -3.0})


@pytest.fixture
def cache(tmp_path: Path) -> ArtifactCache:
    return ArtifactCache(tmp_path / "models")


@pytest.fixture
def store(cache: ArtifactCache) -> ModelStore:
    return ModelStore(cache)
