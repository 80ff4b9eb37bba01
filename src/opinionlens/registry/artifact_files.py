"""An artifact's files as a registry sees them.

A manifest, and the files that it names.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opinionlens.base.artifact_limits import MAX_FILES, is_plain_name, plain_file_size, too_large
from opinionlens.base.errors import ArtifactMissing, ArtifactTampered, ArtifactUnsupported

MANIFEST = "manifest.json"
_REMEDY = "Train it again with `dvc repro tune_sklearn`."


@dataclass(frozen=True)
class Contents:
    """The parts of a manifest that a registry needs."""

    kind: str | None
    files: tuple[str, ...]


def read_contents(manifest: bytes, *, digest: str, where: str) -> Contents:
    """Check the manifest's digest and return its contents.

    Raises:
        ArtifactTampered: the bytes have another digest.
        ArtifactUnsupported: the bytes are no manifest, or name a file outside the artifact's folder.
    """
    if hashlib.sha256(manifest).hexdigest() != digest:
        raise ArtifactTampered(
            "The manifest does not have the registered digest.", where=where, remedy=_REMEDY
        )
    try:
        content = json.loads(manifest)
        kind, files = content.get("kind"), tuple(content["files"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ArtifactUnsupported(
            "This is no manifest of a classifier.", where=where, remedy=_REMEDY
        ) from error
    if len(files) > MAX_FILES:
        raise ArtifactUnsupported(
            f"The manifest names more than {MAX_FILES} files.", where=where, remedy=_REMEDY
        )
    if not all(isinstance(name, str) and _is_plain_name(name) for name in files):
        raise ArtifactUnsupported(
            "The manifest names a file outside its folder.", where=where, remedy=_REMEDY
        )
    return Contents(kind=kind if isinstance(kind, str) else None, files=files)


def read_artifact(folder: Path, *, digest: str) -> Contents:
    """Return the contents of an artifact on disk.

    Raises:
        ArtifactMissing: there is no manifest, or a file that it names is not there.
        ArtifactTampered: the manifest does not have this digest.
        ArtifactUnsupported: it is too large.
    """
    contents = read_contents(read_manifest_bytes(folder), digest=digest, where=str(folder))
    sizes = {name: plain_file_size(folder / name) for name in contents.files}
    check_sizes(sizes, where=str(folder))
    lacking = [name for name, size in sizes.items() if size is None]
    if lacking:
        raise ArtifactMissing(
            f"The classifier lacks {', '.join(lacking)}.", where=str(folder), remedy=_REMEDY
        )
    return contents


def read_manifest_bytes(folder: Path) -> bytes:
    """Return the manifest in a folder, as it stands there.

    Raises:
        ArtifactMissing: there is none, or it is no ordinary file.
        ArtifactUnsupported: it is far too large for one.
    """
    path = folder / MANIFEST
    size = plain_file_size(path)
    if size is None:
        raise ArtifactMissing(
            "There is no classifier.", where=str(folder), remedy="Make one with `dvc repro tune_sklearn`."
        )
    check_sizes({MANIFEST: size}, where=str(folder))
    return path.read_bytes()


def check_sizes(sizes: Mapping[str, int | None], *, where: str) -> None:
    """Raise ArtifactUnsupported if the files are too large together.

    An unknown size counts nothing.
    """
    if (problem := too_large(sizes, MANIFEST)) is not None:
        raise ArtifactUnsupported(f"This is no classifier of ours: {problem}.", where=where, remedy=_REMEDY)


def copy_artifact(folder: Path, contents: Contents, into: Path) -> None:
    """Copy the manifest and the files that it names.

    Other files in the folder are left.
    """
    into.mkdir(parents=True, exist_ok=True)
    for name in (MANIFEST, *contents.files):
        shutil.copyfile(folder / name, into / name)


def _is_plain_name(name: str) -> bool:
    return is_plain_name(name) and name.lower() != MANIFEST
