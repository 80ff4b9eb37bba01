"""Registering a classifier together with its run.

The run may be on another server; its records are copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from opinionlens.registry.port import (
    BYTES_TAG,
    COMMIT_TAG,
    EXPERIMENT_TAG,
    SOURCE_RUN_TAG,
    Registry,
    SourceRun,
    Version,
)

# MLflow's own tags that would be wrong in a copy: they point at runs and models of the other server.
_POINTING_TAGS = frozenset({"mlflow.parentRunId", "mlflow.log-model.history", "mlflow.loggedModels"})


def publish(
    registry: Registry,
    name: str,
    artifact: Path,
    *,
    digest: str,
    source: SourceRun | None,
    experiment: str,
    tags: Mapping[str, str],
    scores: Mapping[str, float],
    again: bool = False,
) -> Version:
    """Register an artifact with the run that made it.

    The result is the version of `name` that holds it. When the registry's server has the run, the version
    points at it. Otherwise the run is copied there first, into `experiment`, with its parameters, metrics and
    tags, and its old id stays in a tag of both.

    Args:
        registry: Where to register.
        name: The model's name.
        artifact: The classifier's folder.
        digest: SHA-256 of its manifest.
        source: The run that made it; None for an artifact that was made without tracking.
        experiment: The remote experiment; also the tag by which registry lists are filtered.
        tags: Further tags of the version.
        scores: The scores by which versions are compared.
        again: See `Registry.register`.
    """
    tags = {**tags, EXPERIMENT_TAG: experiment, BYTES_TAG: str(_size_of(artifact))}
    if source is None:
        return registry.register(
            name, artifact, digest=digest, run_id=None, tags=tags, scores=scores, again=again
        )
    if COMMIT_TAG in source.tags:
        tags[COMMIT_TAG] = source.tags[COMMIT_TAG]
    run_id = source.run_id
    if not registry.has_run(run_id):
        tags[SOURCE_RUN_TAG] = run_id
        run_id = registry.copy_run(_as_copy(source), experiment)
    return registry.register(
        name, artifact, digest=digest, run_id=run_id, tags=tags, scores=scores, again=again
    )


def _size_of(artifact: Path) -> int:
    return sum(path.stat().st_size for path in artifact.iterdir() if path.is_file())


def _as_copy(source: SourceRun) -> SourceRun:
    kept = {tag: value for tag, value in source.tags.items() if tag not in _POINTING_TAGS}
    return replace(source, tags={**kept, SOURCE_RUN_TAG: source.run_id})
