"""Loading a classifier from a folder or from the registry."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from opinionlens.base.errors import ArtifactMissing, InputError
from opinionlens.library.selection import WORD_LIST, from_folder, from_word_list, is_folder
from opinionlens.library.sentiment import SentimentClassifier


def lexicon() -> SentimentClassifier:
    """Return the built-in word list: English, no artifact, no training."""
    return SentimentClassifier(from_word_list())


def load(model: str | os.PathLike[str]) -> SentimentClassifier:
    """Load a classifier, after checking all of its artifact.

    Args:
        model: the folder of an artifact ("objects/classifier"), a version of the registry ("opinionlens@3",
            "opinionlens@champion", "models:/opinionlens/3"), or "lexicon" for the built-in word list. The
            registry and the cache of fetched versions are those of the settings: MLFLOW__REMOTE_TRACKING_URI
            and API__SAVED_MODEL_PATH.

    Raises:
        InputError: `model` is neither a folder nor a version of the registry.
        ArtifactError: the artifact is missing, damaged, or of an unknown format.
        RegistryError: the registry does not answer, or has no such version.
    """
    if not isinstance(model, str):
        return _from_path(_path_of(model))
    home = os.path.expanduser(model) if "\0" not in model else model  # noqa: PTH111 - an empty name is no path
    if is_folder(home):
        return SentimentClassifier(from_folder(Path(home)))
    if model == WORD_LIST:
        return lexicon()
    return _from_registry(model)


class ModelNameInvalid(InputError, TypeError):
    """A model named by neither a str nor a path."""


def _path_of(model: object) -> Path:
    if isinstance(model, os.PathLike) and isinstance(path := os.fspath(model), str):
        return Path(path)
    raise ModelNameInvalid(
        f"A model is named by a str or a Path, not by {type(model).__name__}.",
        remedy='For example load("objects/classifier") or load("opinionlens@champion").',
    )


def _from_path(path: Path) -> SentimentClassifier:
    folder = path.expanduser() if "\0" not in str(path) else path
    if not is_folder(str(folder)):
        raise ArtifactMissing(
            "There is no folder with an artifact.",
            where=str(folder),
            remedy="Name the folder that holds manifest.json, for example objects/classifier.",
        )
    return SentimentClassifier(from_folder(folder))


def _from_registry(model: str) -> SentimentClassifier:
    """Load a version of the registry.

    The modules that a folder does not need are imported here.
    """
    from opinionlens.base.settings import load_settings
    from opinionlens.library.registry_access import open_registry, open_store
    from opinionlens.library.versions import from_registry, named_version

    named = named_version(model)
    settings = load_settings()
    store = open_store(settings.api.saved_model_path)
    with open_registry(settings.mlflow) as registry:
        return SentimentClassifier(from_registry(named, registry, store, warn=_warn))


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=5)
