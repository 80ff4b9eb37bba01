"""Which classifier a command works with: a folder, a version of the registry, or the champion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.lexicon import LexiconClassifier
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import read_manifest
from opinionlens.cli.registries import with_login
from opinionlens.errors import InputError, RegistryUnavailable, VersionNotFound
from opinionlens.registry import Registry, Version
from opinionlens.registry.naming import is_alias
from opinionlens.registry.port import CHAMPION
from opinionlens.serving.cache import ArtefactCache
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.settings import load_settings

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_ADDRESS = "models:/"
_MOST_SHOWN = 200
# Names the classifier that needs no artifact; a folder of that name goes before it.
WORD_LIST = "lexicon"


@dataclass(frozen=True)
class Named:
    """A version of the registry, by its number or by an alias."""

    name: str
    number: int | None = None
    alias: str | None = None

    def of(self, registry: Registry) -> Version:
        """Return the version. Raises RegistryError."""
        if self.number is not None:
            return registry.version(self.name, self.number)
        return _by_alias(registry, self.name, self.alias or CHAMPION)


@dataclass(frozen=True)
class Chosen:
    """A classifier with the name and version that its answers carry; `digest` is that of its artifact."""

    classifier: Classifier
    name: str
    version: str
    digest: str | None = None


def chosen_classifier(model: str | None) -> Chosen:
    """Load what `--model` names; without it the champion, or the last one served when the registry is away.

    Raises:
        ArtefactError: it may not serve.
        RegistryError: it cannot be fetched, and no copy is here.
        InputError: `model` is neither a folder nor a version nor `lexicon`.
    """
    if model is not None and _is_folder(model):
        return _from_folder(Path(model))
    if model == WORD_LIST:
        return Chosen(LexiconClassifier(), "built-in", "word list")
    settings = load_settings()
    store = ModelStore(ArtefactCache(settings.api.saved_model_path))
    served = Named(settings.api.model_name, alias=CHAMPION)
    wanted = served if model is None else _parsed(model)
    try:
        return _chosen(with_login(settings.mlflow, lambda registry: _loaded(store, wanted, registry)))
    except RegistryUnavailable as error:
        remembered = store.restore() if wanted == served else None
        if remembered is None:
            raise
        _warn(f"{error} Using the version served last, {remembered.version}.")
        return _chosen(remembered)


def _loaded(store: ModelStore, wanted: Named, registry: Registry) -> ServedModel:
    version = wanted.of(registry)
    model = store.load(version, registry)
    if not version.servable:
        _warn(
            f"{version.name} {version.number}: {version.why_not_servable} "
            f"Using the verified copy in {store.cache.root}."
        )
    return model


def _warn(text: str) -> None:
    # Soft-wrapped, so that an address in it can be copied; and `[…]` around the address is no markup.
    console = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
    console.print(text, style="yellow")


def _by_alias(registry: Registry, name: str, alias: str) -> Version:
    try:
        return registry.by_alias(name, alias)
    except VersionNotFound as error:
        if alias != CHAMPION:
            raise
        raise VersionNotFound(
            f"No version of {name!r} is the champion.",
            remedy="Run `make model`, or name an artefact with --model FOLDER.",
        ) from error


def _from_folder(folder: Path) -> Chosen:
    read = read_manifest(folder)
    return Chosen(load_classifier(folder, read.digest), folder.resolve().name, read.digest[:12], read.digest)


def _is_folder(model: str) -> bool:
    try:
        return bool(model) and Path(model).is_dir()
    except OSError:  # too long for the file system, or behind a folder that is closed to us
        return False


def _parsed(model: str) -> Named:
    """Read NAME@VERSION, NAME@ALIAS, `models:/NAME/VERSION` or `models:/NAME@ALIAS`."""
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
        remedy="For example --model opinionlens@3, opinionlens@champion, models:/opinionlens/3 or lexicon.",
    )


def _chosen(model: ServedModel) -> Chosen:
    return Chosen(model.classifier, model.name, str(model.version), model.digest)
