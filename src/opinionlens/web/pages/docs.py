"""`/docs`: Swagger's page of the API.

Swagger's files come from an installed package.
"""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.web.http.guards import visitor_of
from opinionlens.web.openapi import OPENAPI_PATH
from opinionlens.web.services.state import services_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(visitor_of)])


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Show the API."""
    return services_of(request).pages.docs(request, OPENAPI_PATH)


def swagger_folder() -> Path:
    """Return the folder of Swagger's script and style sheet.

    The package is never imported.
    """
    return Path(str(distribution("fastapi-swagger").locate_file("fastapi_swagger/resources")))
