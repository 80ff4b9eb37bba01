"""One version in memory for trying it before activation."""

from __future__ import annotations

import time
from threading import Lock

from opinionlens.serving.cached_version import CachedVersion
from opinionlens.serving.store import ModelStore, ServedModel

# A person comparing two versions comes back within minutes; then the memory is worth more.
IDLE_SECONDS = 300.0


class TriedModel:
    """The version that was tried last.

    Safe among threads; loading blocks.
    """

    def __init__(self, store: ModelStore, *, idle_seconds: float = IDLE_SECONDS) -> None:
        """Keep nothing yet."""
        self._store = store
        self._idle_seconds = idle_seconds
        self._model: ServedModel | None = None
        self._used = 0.0
        self._loading = Lock()

    def get(self, cached: CachedVersion) -> ServedModel:
        """Return the version, loaded unless it is kept.

        Raises ArtifactError.
        """
        with self._loading:
            model = self._model
            if model is None or model.digest != cached.digest:
                self._replace(None)
                model = self._store.load_cached(cached)
                self._replace(model)
            self._used = time.monotonic()
            return model

    def drop(self, digest: str) -> None:
        """Free the version if it is kept."""
        with self._loading:
            if self._model is not None and self._model.digest == digest:
                self._replace(None)

    def drop_if_idle(self) -> None:
        """Free the kept version after a while without use.

        Does not wait.
        """
        if self._model is None or time.monotonic() - self._used < self._idle_seconds:
            return
        if self._loading.acquire(blocking=False):
            try:
                self._replace(None)
            finally:
                self._loading.release()

    def _replace(self, model: ServedModel | None) -> None:
        old, self._model = self._model, model
        if old is not None:
            self._store.free(old)
