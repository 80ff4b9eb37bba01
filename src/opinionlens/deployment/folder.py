"""The model of a folder, in place of registered versions.

Neither registry nor database is asked, and nothing is recorded.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog

from opinionlens.base.errors import ArtifactError
from opinionlens.classifiers.manifest import MANIFEST_NAME
from opinionlens.deployment.active import ActiveVersion
from opinionlens.deployment.errors import ModelIsFromFolder, in_words, is_refusal
from opinionlens.deployment.worker_threads import Threads
from opinionlens.serving.cache import size_of
from opinionlens.serving.cached_version import Facts
from opinionlens.serving.store import ModelStore, ServedModel

SETTING = "API__MODEL_PATH"
TOPIC = "folder"
# A look is one question to the file system.
POLL_SECONDS = 1.0
# A folder may be mounted, or filled, after the start. Each try reads all of it.
_RETRY_SECONDS = 5.0
_LONGEST_RETRY_SECONDS = 60.0

log = structlog.get_logger("lifecycle")

# When the manifest was written, its size, and its place on the disk; None without one.
_Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class FolderVersion:
    """The version of a model from a folder.

    Its number is the start of the artifact's digest.
    """

    name: str
    number: str
    digest: str
    facts: Facts = field(default_factory=Facts, compare=False)


class FolderModel:
    """A watch on the folder of the active version.

    Where the artifact is replaced, the new one answers soon, in every process.
    """

    def __init__(self, active: ActiveVersion, threads: Threads, *, folder: Path, name: str) -> None:
        """Look at nothing yet.

        Args:
            active: the active version.
            threads: for blocking work.
            folder: where the artifact lies.
            name: the name that the model is served under.
        """
        self._active = active
        self._store: ModelStore = active.store
        self._threads = threads
        self._folder = folder
        self._name = name
        self._seen: _Stamp = None  # of the artifact that was tried last
        self._is_served = False
        self._retry_at = 0.0
        self._pause = _RETRY_SECONDS
        self._facts = Facts()

    @property
    def version(self) -> FolderVersion | None:
        """The version that answers here; None without one."""
        model = self._store.active
        if model is None or model.digest is None:
            return None
        return FolderVersion(model.name, str(model.version), model.digest, self._facts)

    async def run(self) -> None:
        """Serve the folder's model and follow its changes; never returns."""
        while True:
            try:
                await self.look()
                self._active.note_level(self._is_served)
            except Exception:  # a watch that died silently would leave yesterday's model in place
                log.exception("folder.look_failed")
            await asyncio.sleep(POLL_SECONDS)

    async def look(self) -> None:
        """Load the artifact if it is another one than before."""
        stamp = await self._threads.run(self._stamp)
        if stamp != self._seen:
            self._seen, self._is_served, self._pause = stamp, False, _RETRY_SECONDS
        elif self._is_served or time.monotonic() < self._retry_at:
            return
        try:
            model = await self._threads.run(self._store.load_folder, self._folder, self._name)
        except (ArtifactError, OSError) as error:
            self._note_trouble(error)
            return
        size = await self._threads.run(size_of, self._folder)
        self._facts = Facts(loaded_at=datetime.now(UTC).isoformat(), size_bytes=size)
        self._is_served = True
        await self._serve(model)

    async def _serve(self, model: ServedModel) -> None:
        current = self._store.active
        if current is not None and current.digest == model.digest:  # only touched, or whole again
            self._store.free(model)
        else:
            await self._active.put(model)
        self._active.say(TOPIC, None)

    def _note_trouble(self, error: Exception) -> None:
        self._retry_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_RETRY_SECONDS)
        rest = "" if self._store.active is None else " The one that was loaded before goes on answering."
        self._active.say(
            TOPIC, f"The model that {SETTING} names cannot be served: {in_words(error)}{rest}", error
        )
        self._active.count_trouble(refused=is_refusal(error))

    def _stamp(self) -> _Stamp:
        try:
            found = (self._folder / MANIFEST_NAME).stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def is_from_folder() -> ModelIsFromFolder:
    """Return the error for a change beside a folder."""
    return ModelIsFromFolder(
        f"This app serves the model of a folder ({SETTING}), and no other.",
        remedy=f"Put another artifact there, or start the app without {SETTING}.",
    )
