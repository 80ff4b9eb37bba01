"""The files of logged models in MLflow's artifact stores.

Nothing of MLflow is imported: the adapter gives the two functions that ask a store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from opinionlens.base.artifact_limits import plain_file_size
from opinionlens.base.errors import (
    ArtifactMissing,
    DiskUnwritable,
    OpinionLensError,
    RegistryUnavailable,
    VersionNotServable,
)
from opinionlens.base.files import replacing_directory
from opinionlens.base.urls import shown
from opinionlens.registry.artifact_files import (
    MANIFEST,
    Contents,
    check_sizes,
    read_contents,
    read_manifest_bytes,
)
from opinionlens.registry.failures import translated
from opinionlens.registry.location import is_foreign
from opinionlens.registry.port import RegistryLoginNeeded
from opinionlens.registry.pyfunc_folder import ARTIFACT_FOLDER
from opinionlens.registry.servability import FILES_ELSEWHERE, FILES_GONE, FILES_UNREACHABLE


class StoredFiles:
    """The artifacts at the locations of logged models.

    Every method may be called from any thread.
    """

    def __init__(
        self,
        uri: str,
        *,
        entries: Callable[[str], Sequence[Any]],
        download: Callable[[str, Path], None],
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        """Ask nothing yet.

        Args:
            uri: The server that gives access to the store.
            entries: Lists the files below an address, each with `path` and `file_size`.
            download: Puts the file at an address into a folder.
            on_answer: Called after each answer of a store.
        """
        self._uri = uri
        self._entries = entries
        self._download = download
        self._on_answer = on_answer
        self._known_whole: set[str] = set()

    def fault(self, location_of: Callable[[], str], store_hangs: Event) -> str | None:
        """Return a sentence on a version's missing or unreachable files.

        None if they are there; that is remembered and not asked again.

        Args:
            location_of: Returns where they are; may raise errors of MLflow.
            store_hangs: Set when a store does not answer; then nothing more is asked of any.
        """
        if store_hangs.is_set():
            return FILES_UNREACHABLE
        try:
            location = location_of()
            if location in self._known_whole:
                return None
            if is_foreign(location, self._uri):
                return FILES_ELSEWHERE
            sizes = self._sizes(location)
        except Exception as error:  # each kind of artifact store fails in ways of its own
            if isinstance(translated(error, uri=self._uri), RegistryUnavailable):
                store_hangs.set()
            return FILES_UNREACHABLE
        if MANIFEST not in sizes:
            return FILES_GONE
        self._known_whole.add(location)
        return None

    def are_whole(self, location: str, contents: Contents) -> bool:
        """Tell whether the store has all files of an artifact.

        False for a store that fails.
        """
        try:
            return {MANIFEST, *contents.files} <= self._sizes(location).keys()
        except Exception:  # each kind of artifact store fails in ways of its own
            return False

    def fetch(self, location: str, into: Path, *, digest: str) -> Path:
        """Put an artifact at `into`, all or nothing.

        Only the files that its manifest names are fetched.

        Args:
            location: The logged model's place in the artifact store.
            into: The artifact's folder here.
            digest: That of the manifest; compared before anything else is fetched.

        Raises:
            VersionNotServable: the files are on a server that the registry's password is not for.
            ArtifactUnsupported: they are too large; the store is asked for sizes before.
            ArtifactMissing: the store has lost one.
            RegistryUnavailable: the store does not answer.
        """
        if is_foreign(location, self._uri):
            raise VersionNotServable(FILES_ELSEWHERE, where=shown(location))
        with replacing_directory(into) as aside:
            check_sizes(self._told_sizes(location), where=location)
            self._fetch_one(location, MANIFEST, aside)
            manifest = read_manifest_bytes(aside)
            for name in read_contents(manifest, digest=digest, where=location).files:
                self._fetch_one(location, name, aside)
                # What the store said may be wrong.
                check_sizes({path.name: plain_file_size(path) for path in aside.iterdir()}, where=location)
        return into

    def _sizes(self, location: str) -> dict[str, int | None]:
        """Return the files with their sizes in bytes.

        A size is None where the store gives none. Raises the store's own errors.
        """
        found = self._entries(f"{location}/{ARTIFACT_FOLDER}")
        self._on_answer()
        return {Path(entry.path).name: entry.file_size for entry in found}

    def _told_sizes(self, location: str) -> dict[str, int | None]:
        """Return the files with their sizes, or nothing.

        Nothing where the store cannot list: then fetching shows the reason.
        """
        try:
            return self._sizes(location)
        except Exception as error:  # each kind of artifact store fails in ways of its own
            failure = translated(error, uri=self._uri)
            if isinstance(failure, RegistryUnavailable | RegistryLoginNeeded):
                raise failure from error
            return {}

    def _fetch_one(self, location: str, name: str, into: Path) -> None:
        try:
            self._download(f"{location}/{ARTIFACT_FOLDER}/{name}", into)
        except OpinionLensError:
            raise
        except Exception as error:  # stores differ in how they say that there is no such file
            raise self._failure(error, location, name) from error
        self._on_answer()

    def _failure(self, error: Exception, location: str, name: str) -> OpinionLensError:
        failure = translated(error, uri=self._uri)
        if isinstance(failure, RegistryUnavailable | RegistryLoginNeeded | DiskUnwritable):
            return failure
        if name in self._told_sizes(location):  # MLflow tells of a broken line in words alone
            what = f"The registry broke off while {name} was fetched."
            return RegistryUnavailable(what, where=location, remedy="Fetch it again.")
        self._known_whole.discard(location)
        remedy = "Register the classifier again with `opinionlens promote`."
        return ArtifactMissing(f"The artifact store has lost {name}.", where=location, remedy=remedy)
