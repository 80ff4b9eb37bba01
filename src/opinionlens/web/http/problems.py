"""Conversion of errors to answers.

`application/problem+json` for programs, or a page for a person. No answer repeats the request's content, and
none shows a path or an address of this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Mount

from opinionlens.accounts.errors import GoToLogin, Refused
from opinionlens.base.errors import ModelNotAvailableError, OpinionLensError, ServingBusy
from opinionlens.base.logs import failure_code
from opinionlens.storage import StorageUnavailable
from opinionlens.web.http.problem_json import problem
from opinionlens.web.services.state import services_of

# Nobody reads more; what is sent may hold hundreds of thousands.
_MOST_FAULTS = 100

# Seconds after which a program may try again.
_RETRY_AFTER: Mapping[type[OpinionLensError], str] = {
    ServingBusy: "1",
    ModelNotAvailableError: "5",
    StorageUnavailable: "5",
}

log = structlog.get_logger("app")


def add_failure_handlers(app: FastAPI) -> None:
    """Let `app` answer every expected error in the one form."""
    app.exception_handler(OpinionLensError)(_on_our_error)
    app.exception_handler(RequestValidationError)(invalid_request)
    app.exception_handler(HTTPException)(http_failure)
    app.exception_handler(GoToLogin)(_on_go_to_login)


def unexpected() -> Response:
    """Return the answer to an unknown error.

    The log has the cause under the request id.
    """
    detail = "Something went wrong here. The operator finds the cause under the request id."
    return problem(500, "internal_error", "InternalError", detail)


async def _on_our_error(request: Request, error: OpinionLensError) -> Response:
    log.warning("request.failed", code=error.code, reason=str(error))
    failure_code.set(error.code)
    detail = " ".join(part for part in (error.what, error.remedy) if part)
    headers = headers_of(error)
    if _wants_page(request):
        return services_of(request).pages.failure(request, error.status, detail, headers=headers)
    return problem(error.status, error.code, type(error).__name__, detail, headers=headers)


def headers_of(error: OpinionLensError) -> Mapping[str, str]:
    """Return the headers of the answer to an error.

    They say when to try again, or how to authenticate.
    """
    if isinstance(error, Refused):
        return error.headers
    retry = _RETRY_AFTER.get(type(error))
    return {"Retry-After": retry} if retry else {}


async def _on_go_to_login(_: Request, error: GoToLogin) -> Response:
    return RedirectResponse(error.location, 303, {"Cache-Control": "no-store"})


async def invalid_request(request: Request, error: RequestValidationError) -> Response:
    """Return the answer to a request of the wrong form."""
    faults = [
        {"where": ".".join(map(str, fault["loc"])), "message": _message(fault)}
        for fault in error.errors()[:_MOST_FAULTS]
    ]
    first = faults[0]
    detail = f"{first['where']}: {first['message']}."
    return problem(422, "invalid_request", "InvalidRequest", detail, errors=faults)


def _message(fault: Mapping[str, Any]) -> str:
    # Its own words are the regular expression.
    return _NOT_THE_FORM if fault["type"] == "string_pattern_mismatch" else str(fault["msg"])


async def http_failure(request: Request, error: HTTPException) -> Response:
    """Return the answer to an HTTP error.

    Such as an unknown address, a wrong method, a body that is too large.
    """
    if error.detail == _NOT_READABLE:
        fault = {"type": "json_invalid", "loc": ("body",), "msg": "Not JSON in UTF-8, or nested too deeply"}
        return await invalid_request(request, RequestValidationError([fault]))
    phrase = HTTPStatus(error.status_code).phrase
    detail = _WORDS.get(error.status_code, f"{phrase}.") if error.detail == phrase else str(error.detail)
    name = _NAMES.get(error.status_code, phrase)
    code = name.lower().replace(" ", "_").replace("-", "_")
    failure_code.set(code)
    headers = {"Allow": _allowed_methods(request)} if error.status_code == 405 else error.headers
    if _wants_page(request):
        return services_of(request).pages.failure(request, error.status_code, detail, headers=headers)
    return problem(error.status_code, code, name.replace(" ", ""), detail, headers=headers)


def _allowed_methods(request: Request) -> str:
    """Return the methods that the address allows.

    Where several routes share it, Starlette asks only the first.
    """
    # Below a folder of files the scope's root is that folder.
    root = request.scope.get("root_path", "")
    whole = {**request.scope, "root_path": request.scope.get("app_root_path", root)}

    def is_taken(method: str) -> bool:
        scope = {**whole, "method": method}
        # A folder of files matches whatever the method, and then takes GET only.
        return any(
            route.matches(scope)[0] is Match.FULL and (method == "GET" or not isinstance(route, Mount))
            for route in request.app.routes
        )

    taken = [method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if is_taken(method)]
    return ", ".join(["HEAD", *taken] if "GET" in taken else taken)


_NOT_THE_FORM = "This is not of the form that `/docs` describes"
# Python calls it otherwise from one release to the next; our codes are stable.
_NAMES: Mapping[int, str] = {413: "Content Too Large"}
# FastAPI's words for a body that it cannot decode, for which it has a status of its own.
_NOT_READABLE = "There was an error parsing the body"
_WORDS: Mapping[int, str] = {
    404: "There is nothing at this address. `/docs` lists what there is.",
    405: "This address does not take that method; the header `Allow` names those that it takes.",
}


def _wants_page(request: Request) -> bool:
    """Tell whether the answer should be a page.

    A browser asks for HTML, and no page lives under /api.
    """
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
