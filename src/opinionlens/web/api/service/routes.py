"""Routes for the service's state: about, health, readiness, metrics."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.web.api.answers import json_response, model_fields
from opinionlens.web.http.schemas import About, Health, Readiness, Welcome
from opinionlens.web.metrics import CONTENT_TYPE
from opinionlens.web.services.state import Services, services_of

router = APIRouter(tags=["service"])


@router.get("/api/v1/", response_model=Welcome, summary="Greet")
async def welcome() -> Response:
    """Say hello."""
    return json_response({"message": "Welcome to OpinionLens!"})


@router.get("/api/v1/about", response_model=About, summary="Say what this is and which model answers")
async def about(request: Request) -> Response:
    """Return title, version and the answering model."""
    app: FastAPI = request.app
    return json_response(
        {
            "title": app.title,
            "summary": app.summary,
            "description": app.description,
            "version": app.version,
            "license_info": app.license_info,
            "model": _answering(services_of(request)),
        }
    )


@router.get(
    "/health",
    response_model=Health,
    summary="Say that the process answers",
    responses={503: {"model": Health, "description": "It is about to end and should get no more requests."}},
)
async def health(request: Request) -> Response:
    """Return at once, whatever else goes on."""
    if services_of(request).stopping.is_set:
        return json_response({"status": "stopping"}, 503)
    return json_response({"status": "ok"})


@router.get(
    "/ready",
    response_model=Readiness,
    summary="Say whether requests should be sent here",
    responses={503: {"model": Readiness, "description": "Only the word list answers, or nothing does."}},
)
async def ready(request: Request) -> Response:
    """Return 200 if a trained model answers, else 503.

    The fallback counts as ready where the settings say so.
    """
    services = services_of(request)
    store = services.store
    loaded, fallback = store.active is not None, store.fallback is not None
    is_ready = loaded or (fallback and services.ready_on_fallback)
    content = {
        "status": "ready" if is_ready else "not_ready",
        "model_loaded": loaded,
        "fallback_available": fallback,
        "model": _answering(services),
        "problem": store.problem,
        "database_problem": services.records.problem,
    }
    return json_response(content, 200 if is_ready else 503)


@router.get("/metrics", include_in_schema=False)
@router.get("/api/v1/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Return the measurements for Prometheus."""
    services = services_of(request)
    await services.newest_drift.refresh()
    # In a thread: adding up many workers takes longer than many requests.
    text = await asyncio.to_thread(services.metrics.exposition)
    return Response(text, media_type=CONTENT_TYPE)


def _answering(services: Services) -> dict[str, Any] | None:
    model = services.store.active or services.store.fallback
    return None if model is None else model_fields(model)
