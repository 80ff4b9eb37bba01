"""Which classifier a command works with: a folder, a version of the registry, or the champion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import read_manifest
from opinionlens.cli.registries import with_login
from opinionlens.errors import InputError, RegistryUnavailable, VersionNotFound
from opinionlens.registry import Registry, Version
from opinionlens.registry.port import CHAMPION
from opinionlens.serving.cache import ArtefactCache
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.settings import Settings, load_settings

_VERSION = re.compile(r"(?P<name>.+)@(?P<number>[1-9][0-9]{0,8})", re.ASCII)


@dataclass(frozen=True)
class Chosen:
    """A classifier with the name and version that its answers carry."""

    classifier: Classifier
    name: str
    version: str


def chosen_classifier(model: str | None) -> Chosen:
    """Load what `--model` names; without it the champion, or the last one served when the registry is away.

    Raises:
        ArtefactError: it may not serve.
        RegistryError: it cannot be fetched, and no copy is here.
        InputError: `model` is neither a folder nor NAME@VERSION.
    """
    if model is not None and _is_folder(model):
        return _from_folder(Path(model))
    settings = load_settings()
    store = ModelStore(ArtefactCache(settings.api.saved_model_path))
    if model is not None:
        name, number = _parsed(model)
        return _chosen(
            with_login(settings.mlflow, lambda registry: store.load(registry.version(name, number), registry))
        )
    return _champion(settings, store)


def _champion(settings: Settings, store: ModelStore) -> Chosen:
    name = settings.api.model_name
    try:
        return _chosen(
            with_login(settings.mlflow, lambda registry: store.load(_by_alias(registry, name), registry))
        )
    except RegistryUnavailable as error:
        remembered = store.restore()
        if remembered is None:
            raise
        # Soft-wrapped, so that an address in it can be copied; and `[…]` around the address is no markup.
        Console(stderr=True).print(
            f"{error} Using the version served last, {remembered.version}.",
            style="yellow",
            markup=False,
            emoji=False,
            highlight=False,
            soft_wrap=True,
        )
        return _chosen(remembered)


def _by_alias(registry: Registry, name: str) -> Version:
    try:
        return registry.by_alias(name, CHAMPION)
    except VersionNotFound as error:
        raise VersionNotFound(
            f"No version of {name!r} is the champion.",
            remedy="Run `make model`, or name an artefact with --model FOLDER.",
        ) from error


def _from_folder(folder: Path) -> Chosen:
    read = read_manifest(folder)
    return Chosen(load_classifier(folder, read.digest), folder.resolve().name, read.digest[:12])


def _is_folder(model: str) -> bool:
    try:
        return bool(model) and Path(model).is_dir()
    except OSError:  # too long for the file system, or behind a folder that is closed to us
        return False


def _parsed(model: str) -> tuple[str, int]:
    found = _VERSION.fullmatch(model)
    if found is None:
        raise InputError(
            f"{model!r} is neither a folder nor NAME@VERSION.", remedy="For example --model opinionlens@3."
        )
    return found["name"], int(found["number"])


def _chosen(model: ServedModel) -> Chosen:
    return Chosen(model.classifier, model.name, str(model.version))
