"""Routes that read requests and write responses by themselves.

FastAPI's own reading and writing is left out.
"""

from __future__ import annotations

from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import request_response


class DirectRoute(APIRoute):
    """Route that calls its endpoint with the request alone.

    FastAPI solves dependencies and keeps two stacks of context managers open for every request, which takes
    longer than predicting a short text does. An endpoint of this kind takes the request alone. Its place in
    the OpenAPI document stays as it is.
    """

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:  # noqa: ANN401 - as FastAPI has it
        """Describe the route in OpenAPI, but answer through Starlette."""
        super().__init__(path, endpoint, **options)
        if self.dependant.dependencies or self.dependant.body_params or self.dependant.query_params:
            raise TypeError(f"{path}: a direct route takes nothing but the request")
        self.app = request_response(endpoint)
