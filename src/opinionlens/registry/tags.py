"""The tags that the registry itself writes.

Identity, and the scores, one tag for each.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from opinionlens.base.errors import InputError
from opinionlens.registry.port import BYTES_TAG, DIGEST_TAG, EVALS_TAG, KIND_TAG, SCORE_PREFIX

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_BYTES = re.compile(r"[0-9]{1,15}", re.ASCII)
# MLflow keeps at most 8,000 characters of a tag.
_LONGEST_EVALS = 8_000
_LARGEST_FIGURE = 1e15
_ADVICE = "It was changed after it was registered: register the classifier again with `opinionlens promote`."


def check_changeable(tags: Mapping[str, str]) -> None:
    """Raise InputError if a tag is part of the identity.

    The digest, the kind and the scores of a version never change.
    """
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
    """Part the tags from the scores.

    A score that is no number stays an ordinary tag.
    """
    plain: dict[str, str] = {}
    scores: dict[str, float] = {}
    for name, value in tags.items():
        score = _number(value) if name.startswith(SCORE_PREFIX) else None
        if score is None:
            plain[name] = value
        else:
            scores[name.removeprefix(SCORE_PREFIX)] = score
    return plain, scores


def fault_of(tags: Mapping[str, str]) -> str | None:
    """Return a sentence on the first impossible tag.

    None if all tags that are read here are well.
    """
    if _SHA256.fullmatch(tags.get(DIGEST_TAG, "")) is None:
        return f"Its tag `{DIGEST_TAG}` is no SHA-256. {_ADVICE}"
    if BYTES_TAG in tags and size_of(tags) is None:
        return f"Its tag `{BYTES_TAG}` is no number of bytes. {_ADVICE}"
    try:
        evals_of(tags)
    except ValueError:
        return f"Its tag `{EVALS_TAG}` holds no scores. {_ADVICE}"
    return None


def size_of(tags: Mapping[str, str]) -> int | None:
    """Return the size of a download in bytes, if known."""
    size = tags.get(BYTES_TAG, "")
    return int(size) if _BYTES.fullmatch(size) else None


def evals_of(tags: Mapping[str, str]) -> dict[str, Any]:
    """Return the scores by slice and by source.

    An object of objects of finite numbers.

    Raises:
        ValueError: the tag holds anything else.
    """
    text = tags.get(EVALS_TAG, "{}")
    if len(text) > _LONGEST_EVALS:
        raise ValueError("too long")
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict) or not all(map(_is_table, value.values())):
        raise ValueError("no object of objects")
    return value


def _is_table(value: object) -> bool:
    """Tell whether a value is a table of figures.

    Or a table of such tables.
    """
    if not isinstance(value, dict):
        return False
    return all(map(_is_figure, value.values())) or all(
        isinstance(row, dict) and all(map(_is_figure, row.values())) for row in value.values()
    )


def _is_figure(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value is None
    return abs(value) <= _LARGEST_FIGURE  # written so that NaN is none


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
