"""Fetched versions on disk, under the digest of their content.

    <root>/<digest>/artifact/       the files as they were registered
    <root>/<digest>/version.json    the version they were fetched as, with the registry's facts
    <root>/<digest>/version-….json  another version with the same content
    <root>/last_good.json           the version that answered last
    <root>/locks/<digest>.lock      held by the process that fetches it

A folder appears by one rename, after the check by the process that fetches, so every folder is whole and was
fit to serve. Several processes may share a root.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from threading import Event
from typing import Protocol

from opinionlens.base.errors import DiskUnwritable, RegistryUnavailable, VersionNotServable
from opinionlens.base.file_locks import lock
from opinionlens.base.files import replacing_directory, write_json
from opinionlens.registry import Version
from opinionlens.serving.cached_version import CachedVersion, Facts, is_digest, read_card, version_card

_LOCK_RETRY_SECONDS = 0.05
# The name of a folder that a fetch writes to until it is whole.
_ASIDE = re.compile(r"\.(?P<digest>[0-9a-f]{64})\.", re.ASCII)

# Spelt as in the caches that exist.
_FOLDER = "artefact"

__all__ = ["ArtifactCache", "CachedVersion", "Downloads", "not_servable"]


class Downloads(Protocol):
    """The part of a registry that the cache needs."""

    def download(self, version: Version, into: Path) -> Path:
        """See `Registry.download`."""


class ArtifactCache:
    """The folder of fetched versions. Creating one touches nothing."""

    def __init__(self, root: Path) -> None:
        """Keep everything below `root`.

        The first version that arrives makes the folder.
        """
        self.root = root
        self._closing = Event()

    def artifact(self, digest: str) -> Path:
        """Return the folder for the files of a version.

        It need not exist.
        """
        return self.root / digest / _FOLDER

    def holds(self, digest: str) -> bool:
        """Tell whether the version has been fetched."""
        return self.artifact(digest).is_dir()

    def fetch(
        self,
        version: Version,
        registry: Downloads,
        *,
        check: Callable[[Path], object] = lambda artifact: None,
        on_download: Callable[[], None] = lambda: None,
        on_check: Callable[[], None] = lambda: None,
    ) -> CachedVersion:
        """Return the version's copy, downloaded if needed.

        Another process may be downloading it; then this one waits. A copy that is here is as good as the
        registry's, also where that has changed or gone: the digest is the same.

        Args:
            version: the version to fetch.
            registry: the source.
            check: raises where the download may not serve; then it is not kept.
            on_download: called when a download begins, after waiting for another process's.
            on_check: called between the download and the check.

        Raises:
            VersionNotServable: the version holds no artifact of ours.
            RegistryError: the download failed; nothing half-written is left.
            DiskUnwritable: the disk is full or cannot be written; nothing half-written is left.
        """
        digest = version.digest
        if digest is None or not is_digest(digest):
            raise not_servable(version)
        cached = CachedVersion(version.name, version.number, digest, Facts.of(version))
        if (known := self.find(version.name, version.number)) is not None and known.digest == digest:
            return known
        if not version.servable and not self.holds(digest):
            raise not_servable(version)
        with _explain_disk_errors(), self._locked(digest):
            if self.holds(digest):
                return self._write_card(cached)
            if not version.servable:  # the copy was removed meanwhile
                raise not_servable(version)
            self._remove_leftovers(digest)
            with replacing_directory(self.root / digest) as aside:
                artifact = aside / _FOLDER
                on_download()
                registry.download(version, artifact)
                on_check()
                check(artifact)
                cached = cached.loaded(datetime.now(UTC), size_bytes=size_of(artifact))
                write_json(aside / "version.json", version_card(cached))
        return cached

    def versions(self) -> list[CachedVersion]:
        """Return the fetched versions, by name and newest first."""
        folders = [name for name in _names_in(self.root) if not name.startswith(".")]
        found = [read_card(path) for name in folders for path in self._cards(name)]
        held = [card for card in found if card is not None and self.holds(card.digest)]
        return sorted(held, key=lambda card: (card.name, -card.number))

    def find(self, name: str, number: int) -> CachedVersion | None:
        """Return a fetched version by its name, or None."""
        return next((card for card in self.versions() if (card.name, card.number) == (name, number)), None)

    def discard(self, digest: str) -> None:
        """Remove a copy; the next fetch downloads it again."""
        with self._locked(digest):
            shutil.rmtree(self.root / digest, ignore_errors=True)

    def forget(self, version: CachedVersion) -> None:
        """Remove a version, and its files unless shared.

        They stay while another version has the same.
        """
        with self._locked(version.digest):
            for path in self._cards(version.digest):
                if read_card(path) == version:
                    path.unlink()
            if not self._cards(version.digest):
                shutil.rmtree(self.root / version.digest, ignore_errors=True)

    def remember(self, version: CachedVersion) -> None:
        """Record the active version, for a start without the registry."""
        write_json(self.root / "last_good.json", version_card(version))

    def remembered(self) -> CachedVersion | None:
        """Return the last active version, or None.

        None as well where its files are gone.
        """
        card = read_card(self.root / "last_good.json")
        return card if card is not None and self.holds(card.digest) else None

    def size_of(self, digest: str) -> int:
        """Return the bytes of a version's files."""
        return size_of(self.artifact(digest))

    def bytes_arrived(self, digest: str) -> int:
        """Return the bytes of an unfinished download so far."""
        return sum(size_of(path) for path in self.root.glob(f".{digest}.*"))

    def sweep(self) -> None:
        """Remove unfinished downloads of killed processes.

        Those that another process is at now stay.
        """
        for digest in {
            found["digest"] for path in self.root.glob(".*") if (found := _ASIDE.match(path.name))
        }:
            with suppress(BlockingIOError, OSError), self._lock_file(digest) as handle:
                lock(handle, wait=False)
                self._remove_leftovers(digest)

    def close(self) -> None:
        """End all waits for other processes' downloads."""
        self._closing.set()

    def _write_card(self, cached: CachedVersion) -> CachedVersion:
        """Return a version's card, written if it is new.

        Its content is here, perhaps under another name so far.
        """
        for path in self._cards(cached.digest):
            if (known := read_card(path)) == cached and known is not None:
                return known
        cached = cached.loaded(datetime.now(UTC), size_bytes=size_of(self.artifact(cached.digest)))
        suffix = hashlib.sha256(f"{cached.name}/{cached.number}".encode()).hexdigest()[:16]
        write_json(self.root / cached.digest / f"version-{suffix}.json", version_card(cached))
        return cached

    def _cards(self, digest: str) -> list[Path]:
        """Return the paths of a version's finished cards.

        A card that is being written has another name until then.
        """
        folder = self.root / digest
        return [folder / name for name in _names_in(folder) if fnmatch(name, "version*.json")]

    @contextmanager
    def _locked(self, digest: str) -> Iterator[None]:
        """Hold the digest's lock among threads and processes.

        The system releases it when its holder dies.
        """
        with self._lock_file(digest) as handle:
            while True:
                try:
                    lock(handle, wait=False)
                    break
                except BlockingIOError:
                    if self._closing.wait(_LOCK_RETRY_SECONDS):
                        raise RegistryUnavailable("This process is ending.") from None
            yield

    @contextmanager
    def _lock_file(self, digest: str) -> Iterator[int]:
        path = self.root / "locks" / f"{digest}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as handle:
            yield handle.fileno()

    def _remove_leftovers(self, digest: str) -> None:
        """Remove unfinished downloads; the caller holds the lock.

        Only a holder of the lock makes such.
        """
        for path in self.root.glob(f".{digest}.*"):
            shutil.rmtree(path, ignore_errors=True)


def not_servable(version: Version) -> VersionNotServable:
    """Return the error for a version that cannot serve.

    It holds no artifact of ours, or has lost it.
    """
    reason = version.why_not_servable or "Its tag `digest` is no SHA-256."
    return VersionNotServable(f"{version.name} {version.number} cannot be served. {reason}")


def size_of(folder: Path) -> int:
    """Return the bytes of all files below `folder`.

    Files that vanish meanwhile count nothing.
    """
    total = 0
    for place, _, names in os.walk(folder):  # a folder that vanishes meanwhile is passed over
        for name in names:
            with suppress(OSError):
                total += Path(place, name).stat().st_size
    return total


def _names_in(folder: Path) -> list[str]:
    """Return the sorted names in a folder, if any.

    A folder may vanish, as those of downloads do when they end. `Path.glob` with a folder in its pattern
    raises then: it looks into each after it has listed them.
    """
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def _explain_disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "The disk is full." if full else f"The folder of models cannot be written: {error.strerror}."
        remedy = "Delete versions that are no longer needed, or give the folder of models more room."
        raise DiskUnwritable(what, where=error.filename, remedy=remedy if full else None) from error
