"""Routes with JSON bodies that FastAPI reads, limited in size."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.web.services.json_bounds import bounded

# The largest order has four fields.
_MOST_VALUES = 100


class OrderRoute(APIRoute):
    """Route that counts a body's values before FastAPI reads it.

    FastAPI reads the body before it checks the caller's permission.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind the count."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_bounded(request: Request) -> Response:
            bounded(await request.body(), _MOST_VALUES)  # FastAPI gets the same bytes again
            return await handle(request)

        return handle_bounded
