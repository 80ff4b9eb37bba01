"""Scores of a version for cards and lists. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from opinionlens.classifiers.kinds import EXTRAS
from opinionlens.classifiers.manifest import Manifest
from opinionlens.deployment.folder import FolderVersion
from opinionlens.serving.cached_version import CachedVersion

_SPLIT = "test_"
# The usual names of a macro average, also in MLflow.
_USUAL_NAMES = {"f1_score": "macro_f1", "precision": "macro_precision", "recall": "macro_recall"}


def scores_of(cached: CachedVersion | FolderVersion, manifest: Manifest | None) -> dict[str, float]:
    """Return a loaded version's scores of the test split."""
    return shown_scores({**(manifest.training.scores if manifest else {}), **cached.facts.scores})


def shown_scores(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the scores of the test split under short names."""
    short = {name.removeprefix(_SPLIT): score for name, score in scores.items()}
    return {_USUAL_NAMES.get(name, name): score for name, score in sorted(short.items())}


def named_scores(value: object) -> dict[str, dict[str, float]]:
    """Return the tables of numbers of a registry tag."""
    if not isinstance(value, Mapping):
        return {}
    return {str(name): numbers_of(scores) for name, scores in value.items()}


def numbers_of(value: object) -> dict[str, float]:
    """Return the numbers of a table from a registry tag.

    Tags are untrusted: everything else in the table is left out.
    """
    if not isinstance(value, Mapping):
        return {}
    return {
        str(name): score
        for name, score in value.items()
        if isinstance(score, int | float) and not isinstance(score, bool)
    }


def extra_of(kind: str) -> str | None:
    """Return the extra that serves a kind.

    None where the base install does.
    """
    return EXTRAS.get(kind)
