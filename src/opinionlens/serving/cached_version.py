"""Cards of fetched versions, with the registry's facts.

The facts are those of the time of the fetch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from opinionlens.registry import Version
from opinionlens.registry.port import COMMIT_TAG
from opinionlens.registry.tags import evals_of

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about a version from registry and cache.

    Older cards lack them.

    Attributes:
        created: when it was registered, in ISO form.
        run_id: the run that it was registered with.
        scores: of the test split.
        git_commit: the code that made it.
        evals: scores by slice and by source, as `promote` registers them.
        loaded_at: when it was fetched and found fit to serve, in ISO form.
        size_bytes: of its files.
    """

    created: str | None = None
    run_id: str | None = None
    git_commit: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    evals: Mapping[str, Any] = field(default_factory=dict)
    loaded_at: str | None = None
    size_bytes: int | None = None

    @classmethod
    def of(cls, version: Version) -> Self:
        """Return the registry's present facts."""
        evals: Mapping[str, Any] = {}
        with suppress(ValueError):  # the tags were changed after the copy was made
            evals = evals_of(version.tags)
        return cls(
            created=version.created.isoformat(),
            run_id=version.run_id,
            git_commit=version.tags.get(COMMIT_TAG),
            scores=dict(version.scores),
            evals=evals,
        )


@dataclass(frozen=True, slots=True)
class CachedVersion:
    """A registered version with a copy in the cache."""

    name: str
    number: int
    digest: str
    facts: Facts = field(default_factory=Facts, compare=False)

    def loaded(self, at: datetime, *, size_bytes: int) -> CachedVersion:
        """Return the card of the version after its fetch."""
        return replace(self, facts=replace(self.facts, loaded_at=at.isoformat(), size_bytes=size_bytes))


def is_digest(value: str) -> bool:
    """Tell whether this is a SHA-256 in lower case.

    Any other value could lead out of the cache's folder.
    """
    return _SHA256.fullmatch(value) is not None


def version_card(version: CachedVersion) -> dict[str, Any]:
    """Return the JSON object that `read_card` reads."""
    return asdict(version)


def read_card(path: Path) -> CachedVersion | None:
    """Return a card, or None if it cannot be read.

    That is no error: the cache can be filled again.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        card = CachedVersion(
            str(value["name"]), int(value["number"]), str(value["digest"]), _facts(value.get("facts"))
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return card if is_digest(card.digest) else None


def _facts(value: object) -> Facts:
    """Read the known facts of a card.

    One of another release may have fewer or more of them.
    """
    if not isinstance(value, Mapping):
        return Facts()
    return Facts(**{name: value[name] for name in Facts.__slots__ if name in value})
