"""`/admin/compare`: figures of versions side by side.

For viewers; works without scripts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.base.errors import RegistryError, ServingBusy
from opinionlens.deployment.listing import MAX_PAGE_VERSIONS
from opinionlens.web.http.guards import view_page
from opinionlens.web.services.side_by_side import FigureGroup, side_by_side
from opinionlens.web.services.state import Services, services_of
from opinionlens.web.services.version_figures import (
    VersionFigures,
    figures_of_loaded,
    figures_of_registered,
)

router = APIRouter(prefix="/admin/compare", include_in_schema=False, dependencies=[Depends(view_page)])

# More columns are no comparison at a glance, and no page for a phone.
MAX_VERSIONS = 4
_SHOWN_AT_FIRST = 3
# The loaded versions are shown in any case; a page does not wait for the registry as a fetch does.
_REGISTRY_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class CompareView:
    """View model of the page.

    Attributes:
        known: every version to choose from.
        chosen: those that are compared.
        groups: their figures.
        notes: what is in the way.
    """

    known: Sequence[VersionFigures]
    chosen: Sequence[VersionFigures]
    groups: Sequence[FigureGroup]
    notes: Sequence[str] = ()


@router.get("")
async def page(
    request: Request, versions: Annotated[list[str] | None, Query(max_length=MAX_PAGE_VERSIONS)] = None
) -> Response:
    """Show the figures of the versions in the address.

    Without any they are those of the active version and the newest others.
    """
    services = services_of(request)
    loaded = await _loaded(services)
    registered, problem = await _registered(services)
    known = merged(loaded, registered)
    wanted = [name for part in versions or () for name in part.split(",") if name]
    chosen, notes = chosen_of(known, wanted)
    view = CompareView(known, chosen, side_by_side(chosen), [*([problem] if problem else []), *notes])
    return services.pages.render(
        request, "admin/compare.html", here="admin", tab="Compare", view=view, max_versions=MAX_VERSIONS
    )


def merged(loaded: Sequence[VersionFigures], registered: Sequence[VersionFigures]) -> list[VersionFigures]:
    """Return all versions once, the active one first.

    The registry knows the present scores and aliases of a loaded one.
    """
    here = {one.model_id: one for one in loaded}
    there = {one.model_id: one for one in registered}
    found = [*(_with_registered(one, there.get(one.model_id)) for one in loaded)]
    found += [one for one in registered if one.model_id not in here]
    return sorted(found, key=lambda one: not one.is_active)


def chosen_of(
    known: Sequence[VersionFigures], wanted: Sequence[str]
) -> tuple[list[VersionFigures], list[str]]:
    """Return the versions to compare, and notes on the others.

    One alone is compared with the active version.
    """
    by_id = {one.model_id: one for one in known}
    if not wanted:
        return [one for one in known if one.is_loaded][:_SHOWN_AT_FIRST], []
    names = list(dict.fromkeys(wanted))
    notes = [f"{name} is neither loaded nor in the registry." for name in names if name not in by_id]
    chosen = [by_id[name] for name in names if name in by_id]
    if len(chosen) == 1:
        chosen += [one for one in known if one.is_active and one is not chosen[0]]
    if len(chosen) > MAX_VERSIONS:
        notes.append(f"At most {MAX_VERSIONS} versions stand side by side; these are the first.")
    return chosen[:MAX_VERSIONS], notes


def _with_registered(one: VersionFigures, registered: VersionFigures | None) -> VersionFigures:
    if registered is None:
        return one
    return replace(
        one,
        aliases=registered.aliases,
        evals=registered.evals or one.evals,
        scores={**one.scores, **registered.scores},
    )


async def _loaded(services: Services) -> list[VersionFigures]:
    lifecycle = services.lifecycle
    await lifecycle.row()
    return [
        figures_of_loaded(one, is_active=lifecycle.is_active(one.cached)) for one in await lifecycle.loaded()
    ]


async def _registered(services: Services) -> tuple[list[VersionFigures], str | None]:
    """Return the registry's versions, or why there are none."""
    try:
        async with asyncio.timeout(_REGISTRY_SECONDS):
            found = await services.lifecycle.registered(limit=MAX_PAGE_VERSIONS, offset=0, name=None)
    except (RegistryError, ServingBusy, TimeoutError):
        return [], "The registry does not answer: only loaded versions are shown."
    return [figures_of_registered(one) for one in found.versions if one.servable], None
