"""Fetched versions on disk, under the digest of their content.

    <root>/<digest>/artefact/       the files as they were registered
    <root>/<digest>/version.json    which version they were fetched as
    <root>/last_good.json           the version that answered last
    <root>/locks/<digest>.lock      held by the process that fetches it

A folder appears by one rename, so what is there is whole. Several processes may share a root.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from opinionlens.errors import VersionNotServable
from opinionlens.files import replacing_directory, write_json
from opinionlens.registry import Registry, Version

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CachedVersion:
    """Which registered version a folder of the cache holds."""

    name: str
    number: int
    digest: str


class ArtefactCache:
    """The folder of fetched versions. Creating one touches nothing."""

    def __init__(self, root: Path) -> None:
        """Keep everything below `root`, which is made when the first version arrives."""
        self.root = root

    def artefact(self, digest: str) -> Path:
        """Return where the files of a version are, or would be."""
        return self.root / digest / "artefact"

    def holds(self, digest: str) -> bool:
        """Tell whether the version has been fetched."""
        return self.artefact(digest).is_dir()

    def fetch(self, version: Version, registry: Registry) -> CachedVersion:
        """Return the version's copy, downloaded if it is not here yet; another process may be at it.

        Raises:
            VersionNotServable: the version holds no artefact of ours.
            RegistryError: the download failed; nothing half-written is left.
            OSError: the disk is full or cannot be written; nothing half-written is left.
        """
        digest = version.digest
        if not version.servable or digest is None or not _SHA256.fullmatch(digest):
            reason = version.why_not_servable or "Its tag `digest` is no SHA-256."
            raise VersionNotServable(f"{version.name} {version.number} cannot be served. {reason}")
        cached = CachedVersion(version.name, version.number, digest)
        if self.holds(digest):
            return cached
        with self._locked(digest):
            if not self.holds(digest):
                self._remove_leftovers(digest)
                with replacing_directory(self.root / digest) as aside:
                    registry.download(version, aside / "artefact")
                    write_json(aside / "version.json", asdict(cached))
        return cached

    def versions(self) -> list[CachedVersion]:
        """Return what has been fetched, by name and then newest first."""
        found = [_read_card(path) for path in self.root.glob("*/version.json")]
        held = [card for card in found if card is not None and self.holds(card.digest)]
        return sorted(held, key=lambda card: (card.name, -card.number))

    def discard(self, digest: str) -> None:
        """Remove a copy, so that the next fetch downloads it again."""
        with self._locked(digest):
            shutil.rmtree(self.root / digest, ignore_errors=True)

    def remember(self, version: CachedVersion) -> None:
        """Record which version answers, for a start without the registry."""
        write_json(self.root / "last_good.json", asdict(version))

    def remembered(self) -> CachedVersion | None:
        """Return the version that answered last, if its files are still here."""
        card = _read_card(self.root / "last_good.json")
        return card if card is not None and self.holds(card.digest) else None

    @contextmanager
    def _locked(self, digest: str) -> Iterator[None]:
        """Hold the digest's lock among threads and processes; the system releases it when a holder dies."""
        path = self.root / "locks" / f"{digest}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _remove_leftovers(self, digest: str) -> None:
        """Remove what a killed process left half-downloaded; only a holder of the lock makes such."""
        for path in self.root.glob(f".{digest}.*"):
            shutil.rmtree(path, ignore_errors=True)


def _read_card(path: Path) -> CachedVersion | None:
    """Return a card, or None where there is none that can be read: the cache can be filled again."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        card = CachedVersion(str(value["name"]), int(value["number"]), str(value["digest"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return card if _SHA256.fullmatch(card.digest) else None
