"""The registry's double: versions in memory.

It keeps every rule of the port, and ships.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from uuid import uuid4

from opinionlens.base.errors import ArtifactMissing, RegistryError, RegistryUnavailable, VersionNotFound
from opinionlens.base.files import replacing_directory
from opinionlens.registry.artifact_files import MANIFEST, read_artifact, read_contents
from opinionlens.registry.naming import check_alias, check_model_name
from opinionlens.registry.port import DIGEST_TAG, KIND_TAG, SourceRun, Version
from opinionlens.registry.servability import FILES_GONE, check_downloadable, why_not_servable
from opinionlens.registry.tags import check_changeable


@dataclass
class _Entry:
    number: int
    created: datetime
    run_id: str | None
    tags: dict[str, str]
    scores: dict[str, float]
    files: dict[str, bytes]


@dataclass
class _RegisteredModel:
    entries: dict[int, _Entry] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)


class MemoryRegistry:
    """A registry that lives as long as the object.

    Attributes:
        reachable: Set it to False and every call raises RegistryUnavailable, as with a server that is down.
        copied_runs: The runs that `copy_run` copied here, by their id here, with the experiment.
    """

    def __init__(self, *, knows_run: Callable[[str], bool] = lambda _: True) -> None:
        """Start empty.

        `knows_run` tells which runs its server has; by default all.
        """
        self.reachable = True
        self.copied_runs: dict[str, tuple[str, SourceRun]] = {}
        self._knows_run = knows_run
        self._models: dict[str, _RegisteredModel] = {}
        self._lock = RLock()

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
        """See `Registry.register`."""
        check_model_name(name)
        contents = read_artifact(artifact, digest=digest)
        with self._answering():
            if run_id is not None and not self.has_run(run_id):
                raise RegistryError(
                    f"The registry's server knows no run {run_id}.", remedy="Publish it instead."
                )
            known = self._models.setdefault(name, _RegisteredModel())
            for entry in known.entries.values():
                if (
                    entry.tags.get(DIGEST_TAG) == digest
                    and not again
                    and set(contents.files) <= entry.files.keys()
                ):
                    return self._as_version(name, entry)
            files = {part: (artifact / part).read_bytes() for part in (MANIFEST, *contents.files)}
            own = {DIGEST_TAG: digest} | ({KIND_TAG: contents.kind} if contents.kind else {})
            return self._add(name, run_id=run_id, tags={**tags, **own}, scores=scores, files=files)

    def names(self) -> list[str]:
        """See `Registry.names`."""
        with self._answering():
            return sorted(self._models)

    def versions(self, name: str) -> list[Version]:
        """See `Registry.versions`."""
        with self._answering():
            entries = self._model(name).entries
            return [self._as_version(name, entries[number]) for number in sorted(entries, reverse=True)]

    def version(self, name: str, number: int) -> Version:
        """See `Registry.version`."""
        with self._answering():
            return self._as_version(name, self._entry(name, number))

    def by_alias(self, name: str, alias: str) -> Version:
        """See `Registry.by_alias`."""
        with self._answering():
            number = self._model(name).aliases.get(alias)
            if number is None:
                raise VersionNotFound(f"No version of {name!r} has the alias {alias!r}.")
            return self._as_version(name, self._entry(name, number))

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """See `Registry.set_alias`."""
        check_alias(alias)
        with self._answering():
            self._entry(name, number)
            self._model(name).aliases[alias] = number

    def set_tags(self, name: str, number: int, tags: Mapping[str, str]) -> None:
        """See `Registry.set_tags`."""
        check_changeable(tags)
        with self._answering():
            self._entry(name, number).tags.update(tags)

    def download(self, version: Version, into: Path) -> Path:
        """See `Registry.download`."""
        with self._answering():
            entry = self._entry(version.name, version.number)
            digest = check_downloadable(version, self._as_version(version.name, entry))
            contents = read_contents(
                entry.files[MANIFEST], digest=digest, where=f"{version.name} {version.number}"
            )
            lost = [part for part in contents.files if part not in entry.files]
            if lost:
                raise ArtifactMissing(
                    f"The registry has lost {lost[0]}.", remedy="Register the classifier again."
                )
            with replacing_directory(into) as aside:
                for part in (MANIFEST, *contents.files):
                    (aside / part).write_bytes(entry.files[part])
            return into

    def has_run(self, run_id: str) -> bool:
        """See `Registry.has_run`."""
        with self._answering():
            return run_id in self.copied_runs or self._knows_run(run_id)

    def copy_run(self, run: SourceRun, experiment: str) -> str:
        """See `Registry.copy_run`."""
        with self._answering():
            for run_id, (there, copied) in self.copied_runs.items():
                if (there, copied.run_id) == (experiment, run.run_id):
                    return run_id
            run_id = uuid4().hex
            self.copied_runs[run_id] = (experiment, run)
            return run_id

    def add_model(self, name: str) -> None:
        """Add a model without versions, as the MLflow page can."""
        check_model_name(name)
        with self._lock:
            self._models.setdefault(name, _RegisteredModel())

    def add_foreign(self, name: str, *, tags: Mapping[str, str] | None = None) -> Version:
        """Add a version without digest and files, from another program."""
        self.add_model(name)
        with self._lock:
            return self._add(name, run_id=None, tags=tags or {}, scores={}, files={})

    def replace_files(self, name: str, number: int, files: Mapping[str, bytes]) -> None:
        """Change a version's files behind the registry's back.

        Without any file they are lost.
        """
        with self._lock:
            self._entry(name, number).files = dict(files)

    def _answering(self) -> RLock:
        if not self.reachable:
            raise RegistryUnavailable(
                "The registry does not answer.", where="memory", remedy="Try again later."
            )
        return self._lock

    def _model(self, name: str) -> _RegisteredModel:
        if name not in self._models:
            raise VersionNotFound(f"The registry has no model {name!r}.")
        return self._models[name]

    def _entry(self, name: str, number: int) -> _Entry:
        entries = self._model(name).entries
        if number not in entries:
            raise VersionNotFound(f"{name!r} has no version {number}.", remedy=_known(entries))
        return entries[number]

    def _add(
        self,
        name: str,
        *,
        run_id: str | None,
        tags: Mapping[str, str],
        scores: Mapping[str, float],
        files: dict[str, bytes],
    ) -> Version:
        entries = self._models[name].entries
        number = max(entries, default=0) + 1
        entries[number] = _Entry(number, datetime.now(UTC), run_id, dict(tags), dict(scores), files)
        return self._as_version(name, entries[number])

    def _as_version(self, name: str, entry: _Entry) -> Version:
        fault = None if MANIFEST in entry.files else FILES_GONE
        why = why_not_servable(ready=True, tags=entry.tags, files_fault=lambda: fault)
        aliases = self._models[name].aliases
        return Version(
            name=name,
            number=entry.number,
            digest=entry.tags.get(DIGEST_TAG),
            kind=entry.tags.get(KIND_TAG),
            created=entry.created,
            run_id=entry.run_id,
            aliases=tuple(sorted(alias for alias, number in aliases.items() if number == entry.number)),
            tags=dict(entry.tags),
            servable=why is None,
            why_not_servable=why,
            scores=dict(entry.scores),
        )


def _known(numbers: Iterable[int]) -> str:
    listed = ", ".join(str(number) for number in sorted(numbers))
    return f"It has {listed}." if listed else "It has none."
