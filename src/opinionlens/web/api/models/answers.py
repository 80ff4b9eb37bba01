"""Versions, deployments and fetches as answers of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from opinionlens.classifiers.manifest import Manifest
from opinionlens.datasets.coverage import not_trained_on
from opinionlens.datasets.licences import licences_of, warning_of
from opinionlens.deployment.folder import FolderVersion
from opinionlens.deployment.lifecycle import Lifecycle, LoadedVersion
from opinionlens.deployment.model_ids import model_id_of
from opinionlens.registry import Version
from opinionlens.serving.cached_version import CachedVersion
from opinionlens.serving.fetches import Fetch
from opinionlens.storage.deployments import Deployment
from opinionlens.text.rules_digest import text_rules_digest
from opinionlens.web.api.models.schemas import (
    BriefModelAnswer,
    CardLimits,
    DeploymentAnswer,
    FetchAnswer,
    ModelAnswer,
    ModelCardAnswer,
    RegisteredAnswer,
    SourceLicenceAnswer,
    TrainingAnswer,
)
from opinionlens.web.services.card_tables import extra_of, named_scores, numbers_of, scores_of, shown_scores

# The sections of a manifest that a card shows.
_SHOWN = ("format", "labels", "features", "calibration", "uncertainty", "training", "lineage", "files")


def brief_answer(version: LoadedVersion, lifecycle: Lifecycle) -> BriefModelAnswer:
    """Return the names of a loaded version."""
    cached = version.cached
    return BriefModelAnswer(
        model_id=model_id_of(cached.name, cached.number),
        model_name=cached.name,
        model_version=cached.number,
        is_active=lifecycle.is_active(cached),
    )


def model_answer(version: LoadedVersion, lifecycle: Lifecycle) -> ModelAnswer:
    """Return a loaded version as a list shows it."""
    return ModelAnswer(**_model_fields(version, lifecycle))


def card_answer(version: LoadedVersion, lifecycle: Lifecycle, *, max_text_chars: int) -> ModelCardAnswer:
    """Return everything known of a loaded version."""
    manifest, evals = version.manifest, version.cached.facts.evals
    trained_on = manifest.training.sources if manifest else ()
    licences = licences_of(trained_on)
    return ModelCardAnswer(
        **_model_fields(version, lifecycle),
        slices=named_scores(evals.get("slices")),
        sources=named_scores(evals.get("sources")),
        behaviour=numbers_of(evals.get("behaviour")),
        watched_behaviour=numbers_of(evals.get("hard_behaviour")),
        everyday=named_scores(evals.get("everyday")),
        lengths=named_scores(evals.get("lengths")),
        other_kinds=named_scores(evals.get("other_kinds")),
        speed=numbers_of(evals.get("speed")),
        needs=extra_of(manifest.kind) if manifest else None,
        not_trained_on=not_trained_on(trained_on),
        licences=[SourceLicenceAnswer(**asdict(each)) for each in licences],
        licence_warning=warning_of(licences),
        other_word_lists=manifest is not None and manifest.text_rules != text_rules_digest(),
        limits=CardLimits(max_text_chars=max_text_chars),
        manifest=_shown(manifest) if manifest else None,
    )


def registered_answer(
    version: Version, cards: Mapping[tuple[str, int], CachedVersion], lifecycle: Lifecycle
) -> RegisteredAnswer:
    """Return a registry version as a list shows it."""
    cached = cards.get((version.name, version.number))
    is_loaded = cached is not None and cached.digest == version.digest
    return RegisteredAnswer(
        model_id=model_id_of(version.name, version.number),
        model_name=version.name,
        model_version=version.number,
        kind=version.kind,
        created=version.created.isoformat(),
        run_id=version.run_id,
        aliases=list(version.aliases),
        scores=shown_scores(version.scores),
        servable=version.servable,
        why_not_servable=version.why_not_servable,
        is_loaded=is_loaded,
        is_active=cached is not None and is_loaded and lifecycle.is_active(cached),
    )


def deployment_answer(row: Deployment) -> DeploymentAnswer:
    """Return a deployment with its author, reason and time."""
    previous = row.previous
    return DeploymentAnswer(
        number=row.number,
        at=row.at.isoformat(),
        by=row.by,
        why=row.why,
        cause=row.cause.value,
        model_id=model_id_of(row.version.name, row.version.number),
        model_name=row.version.name,
        model_version=row.version.number,
        digest=row.version.digest,
        previous=model_id_of(previous.name, previous.number) if previous else None,
        restores=row.restores,
    )


def fetch_answer(fetch: Fetch) -> FetchAnswer:
    """Return the progress of a fetch."""
    fields = asdict(fetch)
    del fields["why"], fields["error"]
    return FetchAnswer(**fields, model_id=model_id_of(fetch.model_name, fetch.model_version))


def _model_fields(version: LoadedVersion, lifecycle: Lifecycle) -> dict[str, Any]:
    cached, manifest = version.cached, version.manifest
    brief = brief_answer(version, lifecycle)
    return dict(brief) | {
        "kind": manifest.kind if manifest else None,
        "digest": cached.digest,
        "size_bytes": cached.facts.size_bytes,
        "created": cached.facts.created,
        "loaded_at": cached.facts.loaded_at,
        "status": "active" if brief.is_active else "inactive",
        "scores": scores_of(cached, manifest),
        "training": _training(cached, manifest),
        "problem": version.problem,
    }


def _shown(manifest: Manifest) -> dict[str, Any]:
    plain = manifest.as_dict()
    return {name: plain[name] for name in _SHOWN} | {"general": list(manifest.general)}


def _training(cached: CachedVersion | FolderVersion, manifest: Manifest | None) -> TrainingAnswer:
    training = manifest.training if manifest else None
    lineage = manifest.lineage if manifest else None
    return TrainingAnswer(
        family=training.family if training else None,
        sources=list(training.sources) if training else [],
        rows=training.rows if training else None,
        git_commit=cached.facts.git_commit or (lineage.git_commit if lineage else None),
        run_id=cached.facts.run_id or (lineage.run_id if lineage else None),
    )
