"""The files of an artefact as a registry sees them: a manifest, and the files that it names."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from opinionlens.errors import ArtefactMissing, ArtefactTampered, ArtefactUnsupported

MANIFEST = "manifest.json"
# A name that cannot leave the artefact's folder on any system.
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*", re.ASCII)
_REMEDY = "Train it again with `dvc repro tune_sklearn`."


@dataclass(frozen=True)
class Contents:
    """What a manifest says that a registry has to know."""

    kind: str | None
    files: tuple[str, ...]


def read_contents(manifest: bytes, *, digest: str, where: str) -> Contents:
    """Return what the manifest lists, after its own digest has been compared.

    Raises:
        ArtefactTampered: the bytes have another digest.
        ArtefactUnsupported: the bytes are no manifest, or name a file outside the artefact's folder.
    """
    if hashlib.sha256(manifest).hexdigest() != digest:
        raise ArtefactTampered(
            "The manifest does not have the registered digest.", where=where, remedy=_REMEDY
        )
    try:
        content = json.loads(manifest)
        kind, files = content.get("kind"), tuple(content["files"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ArtefactUnsupported(
            "This is no manifest of a classifier.", where=where, remedy=_REMEDY
        ) from error
    if not all(isinstance(name, str) and _is_plain_name(name) for name in files):
        raise ArtefactUnsupported(
            "The manifest names a file outside its folder.", where=where, remedy=_REMEDY
        )
    return Contents(kind=kind if isinstance(kind, str) else None, files=files)


def read_artefact(folder: Path, *, digest: str) -> Contents:
    """Return what an artefact on disk consists of.

    Raises:
        ArtefactMissing: there is no manifest, or a file that it names is not there.
        ArtefactTampered: the manifest does not have this digest.
    """
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise ArtefactMissing(
            "There is no classifier.", where=str(folder), remedy="Make one with `dvc repro tune_sklearn`."
        ) from error
    contents = read_contents(manifest, digest=digest, where=str(folder))
    lacking = [name for name in contents.files if not (folder / name).is_file()]
    if lacking:
        raise ArtefactMissing(
            f"The classifier lacks {', '.join(lacking)}.", where=str(folder), remedy=_REMEDY
        )
    return contents


def copy_artefact(folder: Path, contents: Contents, into: Path) -> None:
    """Copy the manifest and the files that it names, and nothing that merely lies beside them."""
    into.mkdir(parents=True, exist_ok=True)
    for name in (MANIFEST, *contents.files):
        shutil.copyfile(folder / name, into / name)


def _is_plain_name(name: str) -> bool:
    return _FILE_NAME.fullmatch(name) is not None and name.lower() != MANIFEST
