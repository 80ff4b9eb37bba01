"""Backups on disk: a folder each, with a manifest of sizes and digests."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scripts.backup.errors import BackupError
from scripts.backup.parts import Part

MANIFEST = "manifest.json"
FORMAT = 1
_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ")
_FORM = "%Y-%m-%dT%H-%M-%SZ"
_UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class KeptFile:
    """A file of a backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Backup:
    """A whole backup.

    Attributes:
        folder: where it lies; its name says when it was made.
        files: by name.
        place: of which kind of installation it is.
        secrets: the names of secrets that were set there, by file; their values are not kept.
    """

    folder: Path
    files: Mapping[str, KeptFile]
    place: str
    secrets: Mapping[str, Sequence[str]]

    @property
    def made(self) -> datetime:
        """When it was begun."""
        return datetime.strptime(self.folder.name, _FORM).replace(tzinfo=UTC)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())

    def check(self) -> None:
        """Compare sizes and digests. Raises BackupError."""
        present = {path.name for path in self.folder.iterdir()} - {MANIFEST}
        if present != set(self.files):
            odd = sorted(present ^ set(self.files))[0]
            wrong = "is not named in its manifest" if odd in present else "is missing"
            raise BackupError(f"{self.folder}: {odd} {wrong}.")
        for file in self.files.values():
            path = self.folder / file.name
            if path.stat().st_size != file.size or sha256_of(path) != file.sha256:
                raise BackupError(f"{path} is not what was backed up: its size or SHA-256 differs.")


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keep others from making backups here, and clear away what a run that was killed has left.

    Raises:
        BackupError: another run is under way.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"Another backup or restore is under way in {root}.") from None
        for path in root.glob(f"*{_UNFINISHED}"):
            shutil.rmtree(path)
        yield


def create(
    root: Path, parts: Sequence[Part], *, place: str, secrets: Mapping[str, Sequence[str]], now: datetime
) -> Backup:
    """Write a backup aside and put it in its place by a rename.

    Raises:
        BackupError: a part cannot be saved; nothing is left of this backup.
    """
    folder = root / now.astimezone(UTC).strftime(_FORM)
    aside = root / f"{folder.name}{_UNFINISHED}"
    if folder.exists():
        raise BackupError(f"{folder} is there already.")
    root.mkdir(parents=True, exist_ok=True)
    aside.mkdir(mode=0o700)
    try:
        files = {}
        for part in parts:
            path = aside / part.file_name
            path.touch(mode=0o600)
            part.save(path)
            files[part.file_name] = KeptFile(part.file_name, path.stat().st_size, sha256_of(path))
        content = {
            "format": FORMAT,
            "place": place,
            "files": {name: {"size": file.size, "sha256": file.sha256} for name, file in files.items()},
            "secrets": {name: list(names) for name, names in secrets.items()},
        }
        (aside / MANIFEST).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Backup(folder, files, place, secrets)


def read(folder: Path) -> Backup:
    """Read a backup's manifest. Raises BackupError."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise BackupError(f"{folder} has format {content['format']}; this version reads {FORMAT}.")
        files = {
            name: KeptFile(name, int(one["size"]), str(one["sha256"]))
            for name, one in content["files"].items()
        }
        if any(Path(name).name != name for name in files):
            raise BackupError(f"{folder} names files outside itself.")
        return Backup(folder, files, str(content["place"]), dict(content["secrets"]))
    except FileNotFoundError:
        raise BackupError(f"{folder} holds no backup: {MANIFEST} is missing.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{folder / MANIFEST} cannot be read: {error}") from error


def whole_ones(root: Path) -> list[Path]:
    """Return the folders of all finished backups, oldest first."""
    if not root.is_dir():
        return []
    return sorted(
        path for path in root.iterdir() if _NAME.fullmatch(path.name) and (path / MANIFEST).is_file()
    )


def prune(root: Path, keep: int) -> list[Path]:
    """Delete the oldest backups beyond `keep`, and return them.

    Anything else in the folder stays.
    """
    gone = whole_ones(root)[:-keep] if keep > 0 else []
    for folder in gone:
        # Without its manifest it is no backup, should this be cut off.
        (folder / MANIFEST).unlink()
        shutil.rmtree(folder)
    return gone


def sha256_of(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
