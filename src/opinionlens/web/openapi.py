"""The app's OpenAPI document: FastAPI's, corrected.

Errors as they are sent, routes that need a key, and descriptions where FastAPI has none.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from opinionlens.web.http.problem_json import PROBLEM_TYPE

OPENAPI_PATH = "/openapi.json"

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key; `X-API-Key` takes it, too. The pages use the cookie of a login instead.",
}
# FastAPI describes its own form of a 422, which this app never sends.
_NEVER_SENT = ("HTTPValidationError", "ValidationError")

# What FastAPI and HTTP say where nobody said more.
_PHRASES = frozenset(
    {"", "Successful Response", "Validation Error", "Unprocessable Entity", "Unprocessable Content"}
)
_DONE = "Done; there is nothing to return."
_NO_KEYS = "The database, which knows keys and sessions, does not answer."
_CODED = "The body is compressed or coded; the header `Accept-Encoding` says what is taken."
_INVALID = "What was sent is not as described here; `errors` names each fault."

# What parameters of these names mean wherever they occur, with an example.
_PARAMETERS: dict[str, tuple[str, object]] = {
    "model_id": ("Name and number of a version.", "opinionlens-3"),
    "fetch_id": ("Which fetch, as the answer that began it says.", "20261122214715243344-f261a894"),
    "key_id": ("Which key, as the list says.", 1),
    "limit": ("Most rows to return.", 50),
    "offset": ("How many rows to leave out at the front.", 0),
    "before": ("The `next_before` of the page before this one; none for the first page.", 120),
    "brief": ("Only the names, and which one is active.", True),
    "wait": ("Whether to answer when it is done, or at once with the place to look.", True),
    "name": ("Only versions under this name.", "opinionlens"),
}


class DescribedApp(FastAPI):
    """FastAPI with an OpenAPI document made on first use.

    That takes as long as a hundred requests, and most processes are never asked for it.
    """

    def __init__(self, *, max_body_bytes: int, **options: Any) -> None:  # noqa: ANN401 - those of FastAPI
        """Create the app; its description states `max_body_bytes`."""
        # FastAPI's own address would make the document on the event loop.
        super().__init__(openapi_url=None, docs_url=None, redoc_url=None, **options)
        self._max_body_bytes = max_body_bytes
        self._description: dict[str, Any] | None = None
        self._describing = threading.Lock()
        self.add_route(OPENAPI_PATH, self._send_description, include_in_schema=False)
        # What every request meets first. Middleware comes only behind layers of FastAPI's own.
        self.entrance: ASGIApp = super().__call__

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        await self.entrance(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        with self._describing:
            if self._description is None:
                self._description = with_problems(super().openapi(), max_body_bytes=self._max_body_bytes)
            return self._description

    async def described(self) -> dict[str, Any]:
        """Return the OpenAPI document; make it in a thread."""
        made = self._description
        return await asyncio.to_thread(self.openapi) if made is None else made

    async def _send_description(self, _: Request) -> Response:
        return JSONResponse(await self.described())


def with_problems(schema: dict[str, Any], *, max_body_bytes: int) -> dict[str, Any]:
    """Return `schema` with errors described as they are sent.

    Every `Problem` gets its own media type, and FastAPI's own error form goes. Routes that may answer 401 say
    that they take a key. Routes with a body say how large it may be and that it must not be compressed.
    """
    components = schema["components"]["schemas"]
    too_large = {"description": f"The body has more than {max_body_bytes:,} bytes.", **_problem_content()}
    coded = {"description": _CODED, **_problem_content()}
    for operations in schema["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            if "401" in responses:
                operation.setdefault("security", [{"key": []}])
                responses.setdefault("503", {"description": _NO_KEYS, **_problem_content()})
            if "requestBody" in operation:
                responses.setdefault("413", too_large)
                responses.setdefault("415", coded)
            for status, response in responses.items():
                _tell_truth(status, response)
                _describe(response, components)
            for parameter in operation.get("parameters", ()):
                _describe_parameter(parameter)
            operation["responses"] = dict(sorted(responses.items()))
    for name in _NEVER_SENT:
        components.pop(name, None)
    schema["components"]["securitySchemes"] = {"key": _KEY}
    return schema


def _tell_truth(status: str, response: dict[str, Any]) -> None:
    content = response.get("content", {}).get("application/json", {})
    if content.get("schema") == _PROBLEM or status == "422":
        response |= _problem_content()
    if status == "422" and response["description"] in _PHRASES:
        response["description"] = _INVALID


def _problem_content() -> dict[str, Any]:
    return {"content": {PROBLEM_TYPE: {"schema": _PROBLEM}}}


def _describe(response: dict[str, Any], components: dict[str, Any]) -> None:
    """Describe an answer by its model where FastAPI does not."""
    if response["description"] not in _PHRASES:
        return
    content = response.get("content", {}).get("application/json")
    if content is None:
        response["description"] = _DONE
        return
    schema = content["schema"]
    name = (schema.get("items") or schema).get("$ref", "").rpartition("/")[2]
    words = components.get(name, {}).get("description", "As described.")
    response["description"] = f"A list. {words}" if "items" in schema else words


def _describe_parameter(parameter: dict[str, Any]) -> None:
    words, example = _PARAMETERS.get(parameter["name"], (None, None))
    if words is None:
        return
    parameter.setdefault("description", words)
    if not {"example", "examples"} & {*parameter, *parameter["schema"]}:
        parameter["example"] = example
