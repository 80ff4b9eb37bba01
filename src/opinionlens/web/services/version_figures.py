"""Known figures of versions, loaded or registered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from opinionlens.deployment.lifecycle import LoadedVersion
from opinionlens.deployment.model_ids import model_id_of
from opinionlens.registry import Version
from opinionlens.registry.tags import evals_of, size_of
from opinionlens.web.services.card_tables import named_scores, numbers_of, scores_of, shown_scores

Tables = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class VersionFigures:
    """The figures that a version was registered with.

    Attributes:
        model_id: name and number.
        title: the same, for people.
        kind: of the artifact; None where it is not known.
        is_active: it answers now.
        is_loaded: it is on this server, so it has a card and can be tried.
        aliases: in the registry; empty where that was not asked.
        scores: of its test split, under short names.
        evals: the tag `evals`, as `promote` wrote it.
        size_bytes: of its files.
    """

    model_id: str
    title: str
    kind: str | None
    is_active: bool = False
    is_loaded: bool = False
    aliases: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    evals: Mapping[str, Any] = field(default_factory=dict)
    size_bytes: int | None = None

    def table(self, name: str) -> Tables:
        """Return one of the tables of scores; empty without it."""
        return named_scores(self.evals.get(name))

    @property
    def speed(self) -> Mapping[str, float]:
        """Microseconds a text; empty where it was not measured."""
        return numbers_of(self.evals.get("speed"))


def figures_of_loaded(version: LoadedVersion, *, is_active: bool) -> VersionFigures:
    """Return the figures of a loaded version."""
    cached, manifest = version.cached, version.manifest
    return VersionFigures(
        model_id_of(cached.name, cached.number),
        f"{cached.name} {cached.number}",
        manifest.kind if manifest else None,
        is_active=is_active,
        is_loaded=True,
        scores=scores_of(cached, manifest),
        evals=cached.facts.evals,
        size_bytes=cached.facts.size_bytes,
    )


def figures_of_registered(version: Version) -> VersionFigures:
    """Return the figures of a version of the registry."""
    evals: Mapping[str, Any] = {}
    with suppress(ValueError):  # the tag was changed by hand
        evals = evals_of(version.tags)
    return VersionFigures(
        model_id_of(version.name, version.number),
        f"{version.name} {version.number}",
        version.kind,
        aliases=version.aliases,
        scores=shown_scores(version.scores),
        evals=evals,
        size_bytes=size_of(version.tags),
    )
