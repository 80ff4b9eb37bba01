"""What may be sent, with the limits of the settings: read, checked and described from one definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import Field, TypeAdapter, ValidationError, create_model
from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")

_EXAMPLE = "The crew was lovely, but we sat on the tarmac for two hours."


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be sent. Characters are code points."""

    text_chars: int
    batch_items: int
    body_bytes: int


class Inputs:
    """Reads the bodies and queries of the inference endpoints.

    FastAPI's own reading of a body takes about as long as the answer to a short text; parsing the bytes takes
    a tenth of that, and lets the limits come from the settings.
    """

    def __init__(self, limits: Limits) -> None:
        """Build the checks once."""
        self.limits = limits
        text = Annotated[
            str, Field(max_length=limits.text_chars, description="The text to judge.", examples=[_EXAMPLE])
        ]
        self._text: TypeAdapter[str] = TypeAdapter(text)
        self._body: TypeAdapter[Any] = TypeAdapter(create_model("TextInput", text=(text, ...)))
        self._batch: TypeAdapter[list[str]] = TypeAdapter(
            Annotated[
                list[text],
                Field(max_length=limits.batch_items, examples=[[_EXAMPLE, "Best coffee in town!"]]),
            ]
        )

    async def text_of_body(self, request: Request) -> str:
        """Return `text` of a JSON object. Raises RequestValidationError."""
        body = _checked(self._body.validate_json, await _body_of(request), "body")
        text: str = body.text
        return text

    async def texts_of_body(self, request: Request) -> list[str]:
        """Return a JSON array of texts. Raises RequestValidationError."""
        return _checked(self._batch.validate_json, await _body_of(request), "body")

    def text_of_query(self, request: Request) -> str:
        """Return the parameter `text`. Raises RequestValidationError."""
        given = request.query_params.get("text")
        if given is None:
            raise RequestValidationError(
                [{"type": "missing", "loc": ("query", "text"), "msg": "Field required"}]
            )
        return _checked(self._text.validate_python, given, "query", "text")

    def describe_query(self) -> dict[str, Any]:
        """Return the OpenAPI description of `?text=`."""
        schema = self._text.json_schema()
        parameter = {"name": "text", "in": "query", "required": True, "schema": schema}
        return {"parameters": [parameter]}

    def describe_body(self) -> dict[str, Any]:
        """Return the OpenAPI description of `{"text": …}`."""
        return _as_request_body(self._body.json_schema())

    def describe_batch(self) -> dict[str, Any]:
        """Return the OpenAPI description of `["…", …]`."""
        return _as_request_body(self._batch.json_schema())


async def _body_of(request: Request) -> bytes:
    """Return the body. It nearly always comes in one piece, for which `Request.body` is an expensive way."""
    message = await request.receive()
    parts = [message.get("body", b"")]
    while message.get("more_body", False):
        message = await request.receive()
        parts.append(message.get("body", b""))
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _as_request_body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _checked(check: Callable[[Any], T], value: object, *place: str) -> T:
    try:
        return check(value)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)
        located = [{**detail, "loc": (*place, *detail["loc"])} for detail in details]
        raise RequestValidationError(located) from None
