"""The registry's port: versions, and calls on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from opinionlens.base.errors import RegistryError

DIGEST_TAG = "digest"
KIND_TAG = "kind"
EXPERIMENT_TAG = "experiment"
SOURCE_RUN_TAG = "source_run_id"
SCORE_PREFIX = "score."
# How many bytes a download brings, for its progress; and scores by slice and by source, as JSON.
BYTES_TAG = "bytes"
EVALS_TAG = "evals"
# Of a run and of the version made by it: the commit of the code.
COMMIT_TAG = "git_commit"

# The alias of the version that is meant to answer.
CHAMPION = "champion"


class RegistryLoginNeeded(RegistryError):
    """The registry wants a login, or refuses the given one."""


@dataclass(frozen=True)
class Credentials:
    """User name and password for a registry.

    The registry asks for them by basic authentication. `repr` does not show the password.
    """

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Version:
    """A classifier registered under a model name.

    Versions of other programs count, too, but are not servable.
    """

    name: str
    number: int
    digest: str | None
    kind: str | None
    created: datetime
    run_id: str | None
    aliases: tuple[str, ...]
    tags: Mapping[str, str]
    servable: bool
    why_not_servable: str | None
    scores: Mapping[str, float]


@dataclass(frozen=True)
class SourceRun:
    """A copy of the run that made a classifier.

    A registry on another server keeps it.
    """

    run_id: str
    name: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    started: datetime
    ended: datetime | None


class Registry(Protocol):
    """The versions of models, and the calls on them.

    Every call may raise RegistryUnavailable or RegistryLoginNeeded. An impossible model name or a reserved
    alias, which MLflow would refuse, is an InputError everywhere.
    """

    def register(
        self,
        name: str,
        artifact: Path,
        *,
        digest: str,
        run_id: str | None,
        tags: Mapping[str, str],
        scores: Mapping[str, float],
        again: bool = False,
    ) -> Version:
        """Return the version of `name` that holds this artifact.

        The same digest always gives the same version.

        Args:
            name: The model's name; it is created when it is new.
            artifact: A folder with `manifest.json` and the files which that names. Nothing else is taken.
            digest: SHA-256 of `manifest.json`.
            run_id: The run that made it, on the registry's own server.
            tags: Kept as they are; those the registry needs itself win.
            scores: The scores by which versions are compared.
            again: Make a new version though one has this digest: its files are lost or damaged.

        Raises:
            ArtifactMissing: the folder has no manifest, or lacks a file that the manifest names.
            ArtifactTampered: `digest` is not the manifest's.
            RegistryError: the server does not know `run_id`.
        """
        ...

    def names(self) -> list[str]:
        """Return every model name in order, also those without versions."""
        ...

    def versions(self, name: str) -> list[Version]:
        """Return every version of a model, newest first.

        Those that are not servable, too. Raises VersionNotFound for an unknown name.
        """
        ...

    def version(self, name: str, number: int) -> Version:
        """Return one version. Raises VersionNotFound."""
        ...

    def by_alias(self, name: str, alias: str) -> Version:
        """Return the version that carries the alias. Raises VersionNotFound."""
        ...

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """Move the alias to a version. Raises VersionNotFound."""
        ...

    def set_tags(self, name: str, number: int, tags: Mapping[str, str]) -> None:
        """Add or replace tags of a version.

        The digest and the kind cannot be changed. Raises VersionNotFound.
        """
        ...

    def download(self, version: Version, into: Path) -> Path:
        """Put the artifact's files at `into` and return `into`.

        All of them or none. Only the manifest is checked here (against the digest); the files are checked
        when they are loaded.

        Raises:
            VersionNotServable: there is no artifact of ours to download.
            ArtifactTampered: the manifest is not the one that was registered.
        """
        ...

    def has_run(self, run_id: str) -> bool:
        """Tell whether the registry's server knows this run."""
        ...

    def copy_run(self, run: SourceRun, experiment: str) -> str:
        """Copy a run to this server; return the copy's id.

        A run that was copied before is not copied again.
        """
        ...
