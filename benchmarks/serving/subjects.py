"""The models that are served: each by every server, under the same load."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.work_folder import WORK


@dataclass(frozen=True, slots=True)
class Subject:
    """A model that every server answers with.

    Attributes:
        key: in the names of files.
        title: as the tables show it.
        registered: its name in the registry, from which OpinionLens takes it.
        pipeline: an object with `predict_proba` for many texts, which the others load with joblib.
    """

    key: str
    title: str
    registered: str
    pipeline: Path


# The number changes with the way in which it is fitted, so that no older one is taken for it.
WORDS = Subject("words", "words and pairs of words", "opinionlens", WORK / "pipeline-2.joblib")
DEFAULT = Subject("default", "the demo's default", "default", WORK / "default.joblib")
