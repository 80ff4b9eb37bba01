"""Loading a classifier from a folder or from the registry."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from opinionlens.base.errors import InputError
from opinionlens.library.choice import choose
from opinionlens.library.selection import from_word_list
from opinionlens.library.sentiment import SentimentClassifier


def lexicon() -> SentimentClassifier:
    """Return the built-in word list: English, no artifact, no training."""
    return SentimentClassifier(from_word_list())


def load(model: str | os.PathLike[str]) -> SentimentClassifier:
    """Load a classifier, after checking all of its artifact.

    Args:
        model: the folder of an artifact ("objects/classifier"), a version of the registry ("opinionlens@3",
            "opinionlens@champion", "models:/opinionlens/3"), or "lexicon" for the built-in word list. The
            registry and the cache of fetched versions are those of the settings: MLFLOW__REMOTE_TRACKING_URI,
            else MLFLOW__LOCAL_TRACKING_URI or MLFLOW_TRACKING_URI; and API__SAVED_MODEL_PATH. When the
            registry does not answer, the champion that the app serves is the version served last, and a
            warning says so.

    Raises:
        InputError: `model` is neither a folder nor a version of the registry.
        ArtifactError: the artifact is missing, damaged, or of an unknown format.
        RegistryError: the registry does not answer, or has no such version.
    """
    told: list[str] = []
    chosen = choose(model if isinstance(model, str) else _path_of(model), warn=told.append)
    for text in told:
        warnings.warn(text, stacklevel=2)
    return SentimentClassifier(chosen)


class ModelNameInvalid(InputError, TypeError):
    """A model named by neither a str nor a path."""


def _path_of(model: object) -> Path:
    if isinstance(model, os.PathLike) and isinstance(path := os.fspath(model), str):
        return Path(path)
    raise ModelNameInvalid(
        f"A model is named by a str or a Path, not by {type(model).__name__}.",
        remedy='For example load("objects/classifier") or load("opinionlens@champion").',
    )
