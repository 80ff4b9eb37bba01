"""The store of loaded models.

A new model is loaded before the old one goes, and they change in one step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import structlog

from opinionlens.base.errors import ArtifactError, ArtifactTampered, LibraryMissing, ModelNotAvailableError
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.linear.pacing import unhurried
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.registry import Version
from opinionlens.serving.cache import ArtifactCache, CachedVersion, Downloads
from opinionlens.serving.yielding import taking_turns

# Some three times as long as a slice of the work, so that the answers wait for few of them. Longer pauses
# gain nothing (docs/benchmarks.md, "Serving"): an index that grows holds the interpreter for 15 ms anyway.
_PAUSE_SECONDS = 0.002
# Enough to tell versions apart, and short enough to be read out.
_SHOWN_DIGEST_CHARS = 12

Load = Callable[[Path, str], Classifier]

log = structlog.get_logger("serving")


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A classifier in memory, with its name and version.

    `version` is the number of a registered version, the start of the digest for one from a folder, and None
    for the fallback. `folder` is its artifact's, None without one.
    """

    classifier: Classifier
    name: str
    version: int | str | None = None
    digest: str | None = None
    folder: Path | None = None

    @property
    def kind(self) -> str:
        """The kind of classifier, such as linear, fasttext or lexicon."""
        return self.classifier.manifest.kind


class ModelStore:
    """The active model of this process, and its fallback.

    Reading it is one look at a reference; all else may run in any thread.
    """

    def __init__(
        self,
        cache: ArtifactCache,
        *,
        fallback: ServedModel | None = None,
        load: Load = load_classifier,
        on_cache: Callable[[bool], None] = lambda hit: None,
        free: Callable[[ServedModel], None] = lambda model: None,
    ) -> None:
        """Start with nothing active.

        Args:
            cache: keeps fetched versions.
            fallback: answers while nothing is active; without one ModelNotAvailableError is raised.
            load: turns a folder into a verified classifier.
            on_cache: told whether a version that was wanted was in the cache.
            free: given each model that is needed no longer, to free it without haste.
        """
        self.cache = cache
        self._load = load
        self._on_cache = on_cache
        self.free = free
        self._active: ServedModel | None = None
        self._swapping = Lock()
        self.fallback = fallback
        self.problem: str | None = None  # why the deployed version is not active, in words for the page

    @property
    def active(self) -> ServedModel | None:
        """The trained model that answers, if any."""
        return self._active

    def current(self) -> ServedModel:
        """Return the active model or the fallback.

        Raises:
            ModelNotAvailableError: nothing is active and there is no fallback.
        """
        model = self._active or self.fallback
        if model is None:
            raise ModelNotAvailableError(
                "No model is active yet.",
                remedy="Promote one with `opinionlens promote`, or try again shortly.",
            )
        return model

    def load(
        self,
        version: Version,
        registry: Downloads,
        *,
        on_download: Callable[[], None] = lambda: None,
        on_check: Callable[[], None] = lambda: None,
    ) -> ServedModel:
        """Load a registered version beside the active one.

        It is fetched if needed, verified and self-tested. A copy that was damaged on this disk is fetched
        once more.

        Raises:
            RegistryError: it cannot be fetched.
            ArtifactError: it may not serve; the copy is removed.
            DiskUnwritable: the disk is full or cannot be written.
        """
        checked: list[Classifier] = []

        def check(artifact: Path) -> None:
            checked.append(self._load_gently(artifact, str(version.digest)))

        def fetched() -> CachedVersion:
            return self.cache.fetch(
                version, registry, check=check, on_download=on_download, on_check=on_check
            )

        cached = fetched()
        self._on_cache(not checked)
        if not checked:
            on_check()
            try:
                return self.load_cached(cached)
            except ArtifactTampered:
                log.warning("cache.damaged", name=cached.name, version=cached.number)
                cached = fetched()
        if not checked:  # damaged here, and fetched anew by another process
            return self.load_cached(cached)
        return self._served(checked.pop(), cached)

    def load_cached(self, cached: CachedVersion) -> ServedModel:
        """Load a fetched version, verified and self-tested again.

        Raises:
            LibraryMissing: this process lacks a library of its kind; the copy stays.
            ArtifactError: it may not serve (any more); the copy is removed.
        """
        try:
            classifier = self._load_gently(self.cache.artifact(cached.digest), cached.digest)
        except LibraryMissing:  # another process, or this one after an installation, may serve it
            raise
        except ArtifactError:
            self.cache.discard(cached.digest)
            raise
        return self._served(classifier, cached)

    def load_folder(self, folder: Path, name: str) -> ServedModel:
        """Load the artifact in a folder beside the active model.

        The folder is not changed, and nothing of it gets into the cache.

        Raises:
            ArtifactError: there is none, or it may not serve.
        """
        digest = read_manifest(folder).digest
        classifier = self._load_gently(folder, digest)
        return ServedModel(classifier, name, digest[:_SHOWN_DIGEST_CHARS], digest, folder)

    def _served(self, classifier: Classifier, cached: CachedVersion) -> ServedModel:
        folder = self.cache.artifact(cached.digest)
        return ServedModel(classifier, cached.name, cached.number, cached.digest, folder)

    def restore(self) -> ServedModel | None:
        """Load the last active version from the cache alone.

        None where the cache remembers none.
        """
        cached = self.cache.remembered()
        return None if cached is None else self.load_cached(cached)

    def activate(self, model: ServedModel) -> ServedModel | None:
        """Activate a loaded model; return the one it replaces.

        Requests under way finish with the model they began with.
        """
        with self._swapping:
            old, self._active = self._active, model
            self.problem = None
            self._remember(model)
        log.info("model.activated", name=model.name, version=model.version, kind=model.kind)
        if old is not None and old is not model:
            self.free(old)
        return old

    def _load_gently(self, artifact: Path, digest: str) -> Classifier:
        # At the start there are no requests that a pause could speed up.
        pause = 0.0 if self._active is None else _PAUSE_SECONDS
        with taking_turns(), unhurried(pause):
            return self._load(artifact, digest)

    def _remember(self, model: ServedModel) -> None:
        if not isinstance(model.version, int) or model.digest is None:
            return
        try:
            self.cache.remember(CachedVersion(model.name, model.version, model.digest))
        except OSError as error:  # it answers all the same; only a start without the registry would miss it
            log.warning("cache.not_written", reason=error.strerror, path=str(self.cache.root))
