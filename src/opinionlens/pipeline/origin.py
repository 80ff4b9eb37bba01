"""The run and the commit that made the tuned classifier.

They differ in every clone, so they stand beside the outputs of DVC and are none: `dvc.lock` stays as it is
when the same data, parameters and code give the same classifier again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from opinionlens.base.files import write_json
from opinionlens.classifiers.manifest_reading import read_manifest


@dataclass(frozen=True)
class Origin:
    """The origin of one artifact, known by its digest."""

    digest: str
    run_id: str
    model_id: str
    git_commit: str | None


def write_origin(path: Path, origin: Origin, choice: Mapping[str, Any]) -> None:
    """Record the tuned classifier's origin and the choice behind it."""
    write_json(path, {**asdict(origin), **choice})


def origin_of(artifact: Path, path: Path) -> Origin | None:
    """Return the recorded origin of an artifact.

    None where nothing or another artifact's is recorded: DVC can bring an artifact from its cache that
    another run made than the one recorded last.

    Raises:
        ArtifactError: there is no artifact.
    """
    digest = read_manifest(artifact).digest
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
        origin = Origin(**{field.name: recorded[field.name] for field in fields(Origin)})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return origin if origin.digest == digest else None
