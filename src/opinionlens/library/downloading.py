"""A registered version in a folder of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from opinionlens.base.errors import ArtifactError, InputError
from opinionlens.base.files import replacing_directory
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import MANIFEST_NAME
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.library.versions import Named, named_version
from opinionlens.registry import Registry, Version
from opinionlens.serving.cache import not_servable
from opinionlens.serving.cached_version import is_digest

_ADDRESS = "models:/"
_MOST_SHOWN = 200
# No file of an artifact begins with a dot.
_ASIDE = ".download"


@dataclass(frozen=True)
class Downloaded:
    """A version in a folder.

    `is_new` is False where the folder had it already.
    """

    version: Version
    folder: Path
    is_new: bool


def registered_version(text: str) -> Named:
    """Read NAME@ALIAS, NAME@NUMBER or NAME/NUMBER, perhaps with `models:/`.

    Raises:
        InputError: it is none of them.
    """
    try:
        return named_version(_ADDRESS + text.removeprefix(_ADDRESS))
    except InputError:
        raise InputError(
            f"{text[:_MOST_SHOWN]!r} names no version of a registered model.",
            remedy="For example opinionlens@champion, opinionlens/3 or models:/opinionlens/3.",
        ) from None


def every_version(registry: Registry) -> list[Version]:
    """Return all versions of all models, by name, newest first."""
    return [version for name in registry.names() for version in registry.versions(name)]


def download(named: Named, registry: Registry, folder: Path) -> Downloaded:
    """Put a version's artifact into a folder, verified.

    It is written aside and replaces the folder by a rename. The folder may be absent, be empty, or hold an
    artifact and nothing else.

    Args:
        named: the version.
        registry: where it is registered.
        folder: where it is to lie.

    Raises:
        InputError: the folder holds something else.
        ArtifactError: what came may not serve; the folder is as it was.
        RegistryError: it cannot be fetched; the folder is as it was.
    """
    folder = folder.resolve()  # a link stays one
    present = digest_in(folder)
    version = named.of(registry)
    digest = version.digest
    if digest is None or not is_digest(digest):
        raise not_servable(version)
    if present == digest and _is_whole(folder, digest):
        return Downloaded(version, folder, is_new=False)
    if not version.servable:
        raise not_servable(version)
    with replacing_directory(folder) as aside:
        fetched = registry.download(version, aside / _ASIDE)
        load_classifier(fetched, digest)
        for path in fetched.iterdir():
            path.rename(aside / path.name)
        fetched.rmdir()
    return Downloaded(version, folder, is_new=True)


def digest_in(folder: Path) -> str | None:
    """Return the digest of the artifact in a folder.

    None without a folder, and for an empty one.

    Raises:
        InputError: anything else is there.
    """
    try:
        names = {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise InputError("This is a file, not a folder.", where=str(folder)) from None
    if not names:
        return None
    try:
        found = read_manifest(folder)
    except ArtifactError:
        raise _foreign(folder) from None
    if strangers := sorted(names - set(found.manifest.files) - {MANIFEST_NAME}):
        raise _foreign(folder, strangers[0])
    return found.digest


def _foreign(folder: Path, name: str | None = None) -> InputError:
    what = "holds no model" if name is None else f"holds {name!r} beside a model"
    return InputError(
        f"The folder is not empty and {what}; it is left as it is.",
        where=str(folder),
        remedy="Name another folder, or empty this one.",
    )


def _is_whole(folder: Path, digest: str) -> bool:
    try:
        load_classifier(folder, digest)
    except ArtifactError:
        return False
    return True
