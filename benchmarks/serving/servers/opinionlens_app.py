"""OpinionLens as `opinionlens serve` runs it, and beside `predict` one more route that does nothing.

That route stands in the same router, of the same class, behind the same middleware, and before the others,
so that what it costs is what every request costs.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.cli.serve import run_serve
from opinionlens.web import factory
from opinionlens.web.api.answers import json_response

_inference_router = factory.inference_router


def serve(port: int) -> None:
    """Serve until a signal comes."""
    factory.inference_router = _router_with_nothing
    run_serve(host="127.0.0.1", port=port, workers=1)


def _router_with_nothing(*args: Any, **kwargs: Any) -> APIRouter:  # noqa: ANN401 - whatever the app passes
    router = _inference_router(*args, **kwargs)
    router.add_api_route("/nothing", nothing, methods=["POST"], include_in_schema=False)
    router.routes.insert(0, router.routes.pop())
    return router


async def nothing(request: Request) -> Response:
    """Look at nothing and always say the same."""
    return json_response({"status": "ok"})
