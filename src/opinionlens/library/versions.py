"""Classifiers from the registry: names and fetching."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from opinionlens.base.errors import InputError, VersionNotFound
from opinionlens.library.selection import Chosen
from opinionlens.registry import Registry, Version
from opinionlens.registry.naming import is_alias
from opinionlens.registry.port import CHAMPION
from opinionlens.serving.store import ModelStore, ServedModel

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_ADDRESS = "models:/"
_MOST_SHOWN = 200


@dataclass(frozen=True)
class Named:
    """A version of the registry, by number or by alias."""

    name: str
    number: int | None = None
    alias: str | None = None

    def of(self, registry: Registry) -> Version:
        """Return the version. Raises RegistryError."""
        if self.number is not None:
            return registry.version(self.name, self.number)
        return _by_alias(registry, self.name, self.alias or CHAMPION)


def from_registry(
    named: Named, registry: Registry, store: ModelStore, *, warn: Callable[[str], object]
) -> Chosen:
    """Load a registered version through the cache of `store`.

    Args:
        named: the version.
        registry: where it is registered.
        store: keeps the copy on this disk.
        warn: told when the registry has lost the files and the copy is used.

    Raises:
        ArtifactError: it may not serve.
        RegistryError: it cannot be fetched.
    """
    version = named.of(registry)
    model = store.load(version, registry)
    if not version.servable:
        warn(
            f"{version.name} {version.number}: {version.why_not_servable} "
            f"Using the verified copy in {store.cache.root}."
        )
    return of_served(model, store)


def of_served(model: ServedModel, store: ModelStore) -> Chosen:
    """Return the choice for a version that `store` has loaded."""
    folder = store.cache.artifact(model.digest) if model.digest else None
    return Chosen(model.classifier, model.name, str(model.version), model.digest, folder)


def named_version(model: str) -> Named:
    """Read NAME@VERSION, NAME@ALIAS, `models:/NAME/VERSION` or `models:/NAME@ALIAS`.

    Raises:
        InputError: it is none of them.
    """
    bare = model.removeprefix(_ADDRESS)
    separator = "/" if bare != model and "@" not in bare else "@"
    name, _, rest = bare.rpartition(separator)
    if name and _NUMBER.fullmatch(rest):
        return Named(name, number=int(rest))
    # Aliases without a letter are misspelt numbers.
    if name and separator == "@" and is_alias(rest) and any(map(str.isalpha, rest)):
        return Named(name, alias=rest)
    raise InputError(
        f"{model[:_MOST_SHOWN]!r} is neither a folder nor NAME@VERSION.",
        remedy="For example opinionlens@3, opinionlens@champion, models:/opinionlens/3 or lexicon.",
    )


def _by_alias(registry: Registry, name: str, alias: str) -> Version:
    try:
        return registry.by_alias(name, alias)
    except VersionNotFound as error:
        if alias != CHAMPION:
            raise
        raise VersionNotFound(
            f"No version of {name!r} is the champion.",
            remedy="Run `make model`, or name the folder of an artifact (commands: --model FOLDER).",
        ) from error
