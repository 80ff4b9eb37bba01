"""Routes that fetch versions from the registry and show progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from opinionlens.base.errors import ServingBusy
from opinionlens.deployment.fetching import DEFAULT_WHY, LOOK_SECONDS, FetchOrder
from opinionlens.serving.fetches import Fetch
from opinionlens.web.api.answers import json_response
from opinionlens.web.api.models.answers import fetch_answer, model_answer
from opinionlens.web.api.models.schemas import FetchAnswer, FetchOrderBody, ModelAnswer
from opinionlens.web.http.guards import GUARDED, Admin, Viewer
from opinionlens.web.http.order_routes import OrderRoute
from opinionlens.web.http.schemas import Problem
from opinionlens.web.services.state import Services, services_of

router = APIRouter(prefix="/api/v1/models", tags=["models"], responses=GUARDED, route_class=OrderRoute)

# Proxies give up on a connection that is silent for a minute, some after half of one.
_HEARTBEAT_SECONDS = 10.0
# Each open page holds one; somebody who opens hundreds wants to hold up the others.
MAX_STREAMS = 32

_FAILURES: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "The registry has no such version."},
    409: {"model": Problem, "description": "It is here, but another version was activated meanwhile."},
    422: {"model": Problem, "description": "The version may not serve, and why."},
    503: {"model": Problem, "description": "The registry or the database does not answer."},
    507: {"model": Problem, "description": "The disk is full."},
}
_NO_FETCH: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "No such fetch."}}


@router.post(
    "/",
    status_code=201,
    response_model=ModelAnswer,
    summary="Fetch a version from the registry",
    responses={**_FAILURES, 202: {"model": FetchAnswer, "description": "Under way; `Location` says where."}},
)
async def fetch(
    request: Request,
    admin: Admin,
    order: FetchOrderBody,
    wait: Annotated[bool, Query(description="Answer when it is done, or at once.")] = True,
) -> Response:
    """Download, verify and test a version.

    With `set_default` it is activated afterwards.
    """
    lifecycle = services_of(request).lifecycle
    if order.set_default:
        lifecycle.check_may_change()
    wanted = FetchOrder(
        order.model_name, order.model_version, order.set_default, order.why or DEFAULT_WHY, admin.name
    )
    begun = await lifecycle.fetching.begin(wanted)
    if not wait:
        answer = json_response(fetch_answer(begun), 202)
        answer.headers["Location"] = f"/api/v1/models/fetches/{begun.fetch_id}"
        return answer
    await lifecycle.fetching.finished(begun.fetch_id)
    version = await lifecycle.find(fetch_answer(begun).model_id)
    await lifecycle.row()
    return json_response(model_answer(version, lifecycle), 201)


@router.get("/fetches/", response_model=list[FetchAnswer], summary="List the last fetches")
async def list_fetches(request: Request, _: Viewer) -> Response:
    """Return the fetches of all processes, newest first."""
    fetches = await services_of(request).lifecycle.fetching.latest()
    return json_response([fetch_answer(one) for one in fetches])


@router.get(
    "/fetches/{fetch_id}", response_model=FetchAnswer, summary="Say how far a fetch is", responses=_NO_FETCH
)
async def one_fetch(request: Request, _: Viewer, fetch_id: str) -> Response:
    """Return one fetch."""
    return json_response(fetch_answer(await services_of(request).lifecycle.fetching.read(fetch_id)))


@router.get(
    "/fetches/{fetch_id}/events",
    summary="Listen to the progress of a fetch",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": 'event: progress\ndata: {"state": "downloading", "bytes_done": 4194304}\n\n',
                }
            },
            "description": "`event: progress` with a FetchAnswer.",
        },
        **_NO_FETCH,
        503: {"model": Problem, "description": "Too many listen."},
    },
)
async def events(request: Request, _: Viewer, fetch_id: str) -> Response:
    """Stream the progress of a fetch until it ends."""
    services = services_of(request)
    first = await services.lifecycle.fetching.read(fetch_id)
    streams = services.lifecycle.streams
    if len(streams) >= MAX_STREAMS:
        raise ServingBusy("Too many pages listen to fetches.", remedy="Close some of them.")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_progress(services, first), media_type="text/event-stream", headers=headers)


async def _progress(services: Services, fetch: Fetch) -> AsyncIterator[bytes]:
    """Yield an event for each change of a fetch.

    A comment at intervals keeps proxies from closing the connection.
    """
    streams = services.lifecycle.streams
    ticket = object()
    streams.add(ticket)
    try:
        yield _event(fetch)
        loop = asyncio.get_running_loop()
        spoken = loop.time()
        while not fetch.state.is_final and not await services.stopping.within(LOOK_SECONDS):
            now = await services.lifecycle.fetching.read(fetch.fetch_id)
            if now != fetch:
                fetch, spoken = now, loop.time()
                yield _event(fetch)
            elif loop.time() - spoken > _HEARTBEAT_SECONDS:
                spoken = loop.time()
                yield b": still at it\n\n"
    finally:
        streams.discard(ticket)


def _event(fetch: Fetch) -> bytes:
    return b"event: progress\ndata: " + to_json(fetch_answer(fetch)) + b"\n\n"
