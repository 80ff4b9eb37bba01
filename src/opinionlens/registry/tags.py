"""What the registry itself writes into a version's tags: identity, and the scores, one tag for each."""

from __future__ import annotations

import math
from collections.abc import Mapping

from opinionlens.errors import InputError
from opinionlens.registry.port import DIGEST_TAG, KIND_TAG, SCORE_PREFIX


def check_changeable(tags: Mapping[str, str]) -> None:
    """Raise InputError when one of the tags says what the version is: that never changes."""
    fixed = sorted(tag for tag in tags if tag in {DIGEST_TAG, KIND_TAG} or tag.startswith(SCORE_PREFIX))
    if fixed:
        raise InputError(
            f"The registry itself writes the tags {', '.join(fixed)}.", remedy="Use other names."
        )


def tags_to_write(
    tags: Mapping[str, str], *, digest: str, kind: str | None, scores: Mapping[str, float]
) -> dict[str, str]:
    """Return every tag that a new version gets."""
    own = {DIGEST_TAG: digest} | ({KIND_TAG: kind} if kind else {})
    return {**tags, **{f"{SCORE_PREFIX}{name}": repr(float(score)) for name, score in scores.items()}, **own}


def split_scores(tags: Mapping[str, str]) -> tuple[dict[str, str], dict[str, float]]:
    """Return the tags without the scores, and the scores. A score that is no number stays an ordinary tag."""
    plain: dict[str, str] = {}
    scores: dict[str, float] = {}
    for name, value in tags.items():
        score = _number(value) if name.startswith(SCORE_PREFIX) else None
        if score is None:
            plain[name] = value
        else:
            scores[name.removeprefix(SCORE_PREFIX)] = score
    return plain, scores


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
