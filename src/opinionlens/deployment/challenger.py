"""The version that waits to replace the active one."""

from __future__ import annotations

from collections.abc import Iterable

from opinionlens.serving.cached_version import CachedVersion


def challenger_of(active: tuple[str, int], cached: Iterable[CachedVersion]) -> CachedVersion | None:
    """Return the newest of the versions that are newer.

    Args:
        active: name and number of the version that answers.
        cached: versions in the cache; those of other names do not count.
    """
    name, number = active
    newer = [each for each in cached if each.name == name and each.number > number]
    return max(newer, key=lambda each: each.number, default=None)
