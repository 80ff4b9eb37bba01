"""Pages of all versions in the registry."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from opinionlens.deployment.watched_registry import WatchedRegistry
from opinionlens.deployment.worker_threads import Threads
from opinionlens.registry import Version

MAX_PAGE_VERSIONS = 200


@dataclass(frozen=True, slots=True)
class RegisteredPage:
    """One page of versions, by name and newest first."""

    versions: list[Version]
    total: int
    limit: int
    offset: int


async def registered_page(
    registry: WatchedRegistry, threads: Threads, *, limit: int, offset: int, name: str | None
) -> RegisteredPage:
    """Return a page of all versions of all models.

    Args:
        registry: the registry to list.
        threads: for blocking work.
        limit: most versions of the page.
        offset: how many come before it.
        name: only models whose name contains this, in upper or lower case.

    Raises:
        RegistryError: the registry does not answer.
    """
    wanted = (name or "").casefold()
    names = [each for each in await threads.run(registry.names) if wanted in each.casefold()]
    asking = [asyncio.ensure_future(threads.run(registry.versions, each)) for each in names]
    try:
        found = await asyncio.gather(*asking)
    finally:
        for task in asking:  # after a failure the others are not needed
            task.cancel()
    versions = [version for of_model in found for version in of_model]
    return RegisteredPage(versions[offset : offset + limit], len(versions), limit, offset)
