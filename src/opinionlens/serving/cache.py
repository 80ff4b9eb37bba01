"""Fetched versions on disk, under the digest of their content.

    <root>/<digest>/artefact/       the files as they were registered
    <root>/<digest>/version.json    which version they were fetched as, and what the registry said of it
    <root>/<digest>/version-….json  another version with the same content
    <root>/last_good.json           the version that answered last
    <root>/locks/<digest>.lock      held by the process that fetches it

A folder appears by one rename, after the check of whoever fetches, so what is there is whole and was fit to
serve. Several processes may share a root.
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
# What a fetch writes to until it is whole.
_ASIDE = re.compile(r"\.(?P<digest>[0-9a-f]{64})\.", re.ASCII)

__all__ = ["ArtefactCache", "CachedVersion", "Downloads", "not_servable"]


class Downloads(Protocol):
    """What the cache needs of a registry."""

    def download(self, version: Version, into: Path) -> Path:
        """See `Registry.download`."""


class ArtefactCache:
    """The folder of fetched versions. Creating one touches nothing."""

    def __init__(self, root: Path) -> None:
        """Keep everything below `root`, which is made when the first version arrives."""
        self.root = root
        self._closing = Event()

    def artefact(self, digest: str) -> Path:
        """Return where the files of a version are, or would be."""
        return self.root / digest / "artefact"

    def holds(self, digest: str) -> bool:
        """Tell whether the version has been fetched."""
        return self.artefact(digest).is_dir()

    def fetch(
        self,
        version: Version,
        registry: Downloads,
        *,
        check: Callable[[Path], object] = lambda artefact: None,
        on_download: Callable[[], None] = lambda: None,
        on_check: Callable[[], None] = lambda: None,
    ) -> CachedVersion:
        """Return the version's copy, downloaded if it is not here yet; another process may be at it.

        A copy that is here is as good as the registry's, whatever has become of that: the digest is the same.

        Args:
            version: what to fetch.
            registry: where from.
            check: raises where what was downloaded may not serve; then it is not kept.
            on_download: called when a download begins, after waiting for whoever was at it.
            on_check: called between the download and the check.

        Raises:
            VersionNotServable: the version holds no artefact of ours.
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
        with _saying_why_unwritable(), self._locked(digest):
            if self.holds(digest):
                return self._named(cached)
            if not version.servable:  # somebody has removed the copy meanwhile
                raise not_servable(version)
            self._remove_leftovers(digest)
            with replacing_directory(self.root / digest) as aside:
                artefact = aside / "artefact"
                on_download()
                registry.download(version, artefact)
                on_check()
                check(artefact)
                cached = cached.loaded(datetime.now(UTC), size_bytes=size_of(artefact))
                write_json(aside / "version.json", version_card(cached))
        return cached

    def versions(self) -> list[CachedVersion]:
        """Return what has been fetched, by name and then newest first."""
        folders = [name for name in _names_in(self.root) if not name.startswith(".")]
        found = [read_card(path) for name in folders for path in self._cards(name)]
        held = [card for card in found if card is not None and self.holds(card.digest)]
        return sorted(held, key=lambda card: (card.name, -card.number))

    def find(self, name: str, number: int) -> CachedVersion | None:
        """Return a fetched version by its name, or None."""
        return next((card for card in self.versions() if (card.name, card.number) == (name, number)), None)

    def discard(self, digest: str) -> None:
        """Remove a copy, so that the next fetch downloads it again."""
        with self._locked(digest):
            shutil.rmtree(self.root / digest, ignore_errors=True)

    def forget(self, version: CachedVersion) -> None:
        """Remove a version; its files stay while another version has the same."""
        with self._locked(version.digest):
            for path in self._cards(version.digest):
                if read_card(path) == version:
                    path.unlink()
            if not self._cards(version.digest):
                shutil.rmtree(self.root / version.digest, ignore_errors=True)

    def remember(self, version: CachedVersion) -> None:
        """Record which version answers, for a start without the registry."""
        write_json(self.root / "last_good.json", version_card(version))

    def remembered(self) -> CachedVersion | None:
        """Return the version that answered last, if its files are still here."""
        card = read_card(self.root / "last_good.json")
        return card if card is not None and self.holds(card.digest) else None

    def size_of(self, digest: str) -> int:
        """Return the bytes of a version's files."""
        return size_of(self.artefact(digest))

    def bytes_arrived(self, digest: str) -> int:
        """Return how much of a download under way is on this disk."""
        return sum(size_of(path) for path in self.root.glob(f".{digest}.*"))

    def sweep(self) -> None:
        """Remove what killed processes left half-downloaded, except where somebody is at it now."""
        for digest in {
            found["digest"] for path in self.root.glob(".*") if (found := _ASIDE.match(path.name))
        }:
            with suppress(BlockingIOError, OSError), self._lock_file(digest) as handle:
                lock(handle, wait=False)
                self._remove_leftovers(digest)

    def close(self) -> None:
        """Let nobody in this process wait any longer for another one's download."""
        self._closing.set()

    def _named(self, cached: CachedVersion) -> CachedVersion:
        """Return the card of a version whose content is here, perhaps under another name so far."""
        for path in self._cards(cached.digest):
            if (known := read_card(path)) == cached and known is not None:
                return known
        cached = cached.loaded(datetime.now(UTC), size_bytes=size_of(self.artefact(cached.digest)))
        suffix = hashlib.sha256(f"{cached.name}/{cached.number}".encode()).hexdigest()[:16]
        write_json(self.root / cached.digest / f"version-{suffix}.json", version_card(cached))
        return cached

    def _cards(self, digest: str) -> list[Path]:
        """Return the cards of a version; one that is being written has a name of its own until then."""
        folder = self.root / digest
        return [folder / name for name in _names_in(folder) if fnmatch(name, "version*.json")]

    @contextmanager
    def _locked(self, digest: str) -> Iterator[None]:
        """Hold the digest's lock among threads and processes; the system releases it when a holder dies."""
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
        """Remove what a killed process left half-downloaded; only a holder of the lock makes such."""
        for path in self.root.glob(f".{digest}.*"):
            shutil.rmtree(path, ignore_errors=True)


def not_servable(version: Version) -> VersionNotServable:
    """Return the error for a version that holds no artifact of ours, or has lost it."""
    reason = version.why_not_servable or "Its tag `digest` is no SHA-256."
    return VersionNotServable(f"{version.name} {version.number} cannot be served. {reason}")


def size_of(folder: Path) -> int:
    """Return the bytes of all files below `folder`; what vanishes meanwhile counts nothing."""
    total = 0
    for place, _, names in os.walk(folder):  # a folder that vanishes meanwhile is passed over
        for name in names:
            with suppress(OSError):
                total += Path(place, name).stat().st_size
    return total


def _names_in(folder: Path) -> list[str]:
    """Return what lies in a folder, sorted; nothing where it has vanished, as downloads do when they end.

    `Path.glob` with a folder in its pattern raises there: it looks into each after it has listed them.
    """
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def _saying_why_unwritable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "The disk is full." if full else f"The folder of models cannot be written: {error.strerror}."
        remedy = "Delete versions that are no longer needed, or give the folder of models more room."
        raise DiskUnwritable(what, where=error.filename, remedy=remedy if full else None) from error
