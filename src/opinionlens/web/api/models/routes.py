"""Routes of `/api/v1/models`: loaded versions, registry, activation.

Viewers see, analysts try, admins change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.deployment.listing import MAX_PAGE_VERSIONS
from opinionlens.storage.paging import MAX_PAGE_ROWS, MAX_ROW_NUMBER
from opinionlens.web.api.answers import json_response
from opinionlens.web.api.models.answers import (
    brief_answer,
    card_answer,
    deployment_answer,
    model_answer,
    registered_answer,
)
from opinionlens.web.api.models.schemas import (
    BriefModelAnswer,
    ChangeBody,
    DeploymentAnswer,
    FollowBody,
    HistoryAnswer,
    ModelAnswer,
    ModelCardAnswer,
    ModelsStatusAnswer,
    RegisteredPageAnswer,
)
from opinionlens.web.api.models.try_routes import try_router
from opinionlens.web.http.guards import GUARDED, Admin, Viewer
from opinionlens.web.http.order_routes import OrderRoute
from opinionlens.web.http.schemas import Problem
from opinionlens.web.services.inputs import Inputs
from opinionlens.web.services.state import services_of

_GONE: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "It is not loaded."}}
_NO_DATABASE: dict[int | str, dict[str, Any]] = {
    503: {"model": Problem, "description": "The database does not answer; nothing has changed."}
}
_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "Another version has been activated meanwhile."}
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    422: {"model": Problem, "description": "The artifact may not serve, and why."}
}
_CHANGES = {**_GONE, **_CONFLICT, **_REFUSED, **_NO_DATABASE}
# A copy that is damaged or gone is fetched again.
_SWAPS = {**_CHANGES, 507: {"model": Problem, "description": "The disk is full."}}


PREFIX = "/api/v1/models"

_of_all = APIRouter(prefix=PREFIX, tags=["models"], responses=GUARDED, route_class=OrderRoute)
_of_one = APIRouter(prefix=PREFIX, tags=["models"], responses=GUARDED, route_class=OrderRoute)


def models_routers(inputs: Inputs) -> Sequence[APIRouter]:
    """Return the routes in the order of their matching.

    They are described with the limits that they check. Routers stand side by side: nested ones would hide the
    full route from logs and metrics.
    """
    # Fixed addresses come first, or `{model_id}` would take them.
    return (_of_all, _of_one, try_router(inputs))


@_of_all.get(
    "/",
    response_model=list[ModelAnswer] | list[BriefModelAnswer],
    summary="List the loaded versions",
    responses=_GONE,
)
async def list_models(
    request: Request, _: Viewer, brief: bool = False, model_id: Annotated[str | None, Query()] = None
) -> Response:
    """Return the loaded and verified versions.

    With `model_id` only that one, with `brief` only names.
    """
    lifecycle = services_of(request).lifecycle
    await lifecycle.row()
    versions = await lifecycle.loaded() if model_id is None else [await lifecycle.find(model_id)]
    answer = brief_answer if brief else model_answer
    return json_response([answer(version, lifecycle) for version in versions])


@_of_all.get(
    "/status", response_model=ModelsStatusAnswer, summary="Say what is active, and what is in the way"
)
async def status(request: Request, _: Viewer) -> Response:
    """Return the active version, its problems and the following mode.

    The mode says whether the registry's champion becomes active by itself.
    """
    lifecycle = services_of(request).lifecycle
    row = await lifecycle.row()
    active = next((one for one in await lifecycle.loaded() if lifecycle.is_active(one.cached)), None)
    return json_response(
        ModelsStatusAnswer(
            active=model_answer(active, lifecycle) if active else None,
            deployment=deployment_answer(row) if row else None,
            following=lifecycle.champion.is_following and lifecycle.folder is None,
            from_folder=lifecycle.folder is not None,
            problems=list(lifecycle.active.problems),
            registry_problem=None if lifecycle.folder else lifecycle.registry.problem,
            database_problem=lifecycle.active.database_problem or services_of(request).records.problem,
        )
    )


@_of_all.get(
    "/history", response_model=HistoryAnswer, summary="Say what was active when", responses=_NO_DATABASE
)
async def history(
    request: Request,
    _: Viewer,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_ROWS)] = 50,
    before: Annotated[int | None, Query(ge=1, le=MAX_ROW_NUMBER)] = None,
) -> Response:
    """Return the deployments, the latest first.

    Each has its time, author, reason and version.
    """
    page = await services_of(request).lifecycle.history(limit=limit, before=before)
    rows = [deployment_answer(row) for row in page.rows]
    return json_response(HistoryAnswer(deployments=rows, total=page.total, next_before=page.next_before))


@_of_all.get(
    "/registry",
    response_model=RegisteredPageAnswer,
    summary="List every version that the registry has",
    responses={503: {"model": Problem, "description": "The registry does not answer."}},
)
async def registry(
    request: Request,
    _: Viewer,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_VERSIONS)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    name: Annotated[str | None, Query(max_length=255, description="Only models whose name has this.")] = None,
) -> Response:
    """Return the registry's versions by name, newest first.

    Versions that cannot be served come with the reason.
    """
    lifecycle = services_of(request).lifecycle
    page = await lifecycle.registered(limit=limit, offset=offset, name=name)
    await lifecycle.row()
    cards = {(card.name, card.number): card for card in await lifecycle.cached_versions()}
    versions = [registered_answer(version, cards, lifecycle) for version in page.versions]
    return json_response(
        RegisteredPageAnswer(versions=versions, total=page.total, limit=limit, offset=offset)
    )


@_of_all.post(
    "/rollback",
    response_model=DeploymentAnswer,
    summary="Let the version answer that did before",
    responses=_SWAPS,
)
async def roll_back(request: Request, admin: Admin, order: ChangeBody) -> Response:
    """Activate the version before the present one.

    A second rollback goes further back. 409 when there is nothing earlier.
    """
    lifecycle = services_of(request).lifecycle
    row = await lifecycle.roll_back(by=admin.name, why=order.why, expected=order.expected)
    return json_response(deployment_answer(row))


@_of_all.post(
    "/follow",
    response_model=DeploymentAnswer,
    summary="Follow the champion again",
    responses={**_SWAPS, 404: {"model": Problem, "description": "There is no champion."}},
)
async def follow(request: Request, admin: Admin, order: FollowBody) -> Response:
    """Activate the champion and follow its later changes.

    This ends when another version is activated or rolled back to.
    """
    row = await services_of(request).lifecycle.follow(by=admin.name, why=order.why)
    return json_response(deployment_answer(row))


@_of_all.delete("/", status_code=204, summary="Remove a loaded version", responses={**_CHANGES})
async def delete_by_query(request: Request, _: Admin, model_id: str) -> Response:
    """Remove the local copy of a version.

    The same as `DELETE /api/v1/models/{model_id}`; the registry keeps the version.
    """
    await services_of(request).lifecycle.delete(model_id)
    return Response(status_code=204)


@_of_one.get("/{model_id}", response_model=ModelAnswer, summary="Describe a loaded version", responses=_GONE)
async def one_model(request: Request, _: Viewer, model_id: str) -> Response:
    """Return one loaded version."""
    lifecycle = services_of(request).lifecycle
    await lifecycle.row()
    return json_response(model_answer(await lifecycle.find(model_id), lifecycle))


@_of_one.get(
    "/{model_id}/card", response_model=ModelCardAnswer, summary="Tell all about a version", responses=_GONE
)
async def model_card(request: Request, _: Viewer, model_id: str) -> Response:
    """Return a version's training data, scores and limits.

    Scores are given by kind of text and by source.
    """
    services = services_of(request)
    await services.lifecycle.row()
    version = await services.lifecycle.find(model_id)
    limit = services.inputs.limits.text_chars
    return json_response(card_answer(version, services.lifecycle, max_text_chars=limit))


@_of_one.post(
    "/{model_id}/activate",
    response_model=DeploymentAnswer,
    summary="Let a loaded version answer",
    responses=_SWAPS,
)
async def activate(request: Request, admin: Admin, model_id: str, order: ChangeBody) -> Response:
    """Activate a version in every process.

    It is verified first, and recorded with the author and the reason.
    """
    lifecycle = services_of(request).lifecycle
    row = await lifecycle.activate(model_id, by=admin.name, why=order.why, expected=order.expected)
    return json_response(deployment_answer(row))


@_of_one.delete("/{model_id}", status_code=204, summary="Remove a loaded version", responses=_CHANGES)
async def delete(request: Request, _: Admin, model_id: str) -> Response:
    """Remove the local copy of a version.

    The registry keeps the version. 409 for the active one.
    """
    await services_of(request).lifecycle.delete(model_id)
    return Response(status_code=204)
