"""Reading, checking and describing of inputs from one definition.

With the limits of the settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import Field, TypeAdapter, ValidationError, create_model
from starlette.requests import ClientDisconnect, Request

from opinionlens.web.services.batch_items import BadItem, checked_items, parsed_leniently
from opinionlens.web.services.json_bounds import bounded

T = TypeVar("T")

EXAMPLE_TEXT = "The crew was lovely, but we sat on the tarmac for two hours."

# A text and fields that are left alone.
_MOST_VALUES = 1_000
# An item of a batch may be anything; one that is no text is refused alone.
_VALUES_PER_ITEM = 10


@dataclass(frozen=True, slots=True)
class InputLimits:
    """Limits on the size of inputs. Characters are code points."""

    text_chars: int
    batch_items: int
    body_bytes: int


class JsonBody(Generic[T]):
    """Reads and describes a body of JSON.

    FastAPI's own reading of a body takes about as long as the answer to a short text; parsing the bytes takes
    a tenth of that, and lets the limits come from the settings. As ever for programs, the type that the body
    is sent under does not matter.
    """

    def __init__(self, kind: Any, *, most_values: int = _MOST_VALUES) -> None:  # noqa: ANN401 - an annotation
        """Build the check once, from a model or an annotation."""
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)
        self._most_values = most_values

    async def read(self, request: Request) -> T:
        """Return the checked body of a request.

        Raises RequestValidationError.
        """
        return self.parse(await body_of(request))

    def parse(self, body: bytes) -> T:
        """Return a checked body. Raises RequestValidationError."""
        return checked(self._adapter.validate_json, bounded(body, self._most_values), "body")

    def describe(self) -> dict[str, Any]:
        """Return the OpenAPI description."""
        schema = self._adapter.json_schema()
        return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


class Inputs:
    """Reads the bodies and queries of the inference endpoints."""

    def __init__(self, limits: InputLimits) -> None:
        """Build the checks once."""
        self.limits = limits
        text = text_type(limits)
        self._text: TypeAdapter[str] = TypeAdapter(text)
        self._body: JsonBody[Any] = JsonBody(create_model("TextInput", text=(text, ...)))
        items = Field(max_length=limits.batch_items, examples=[[EXAMPLE_TEXT, "Best coffee in town!"]])
        self._most_values = _VALUES_PER_ITEM * limits.batch_items
        self._batch: JsonBody[list[str]] = JsonBody(
            Annotated[list[text], items],  # type: ignore[valid-type]
            most_values=self._most_values,
        )
        self._items: TypeAdapter[list[object]] = TypeAdapter(Annotated[list[Any], items])
        self._flag: TypeAdapter[bool] = TypeAdapter(bool)  # reads words as FastAPI does

    async def text_of_body(self, request: Request) -> str:
        """Return `text` of a JSON object. Raises RequestValidationError."""
        return self.text_in(await body_of(request))

    def text_in(self, body: bytes) -> str:
        """Return `text` of the same, read already. Raises as well."""
        text: str = self._body.parse(body).text
        return text

    async def texts_of_body(self, request: Request) -> list[str]:
        """Return a JSON array of texts. Raises RequestValidationError."""
        return await self._batch.read(request)

    async def items_of_body(self, request: Request) -> list[str | BadItem]:
        """Return the items of a JSON array, each one checked.

        An item that is not a valid text is replaced by its error.

        Raises:
            RequestValidationError: it is not an array, or a too long one.
        """
        body = bounded(await body_of(request), self._most_values)
        try:
            items = parsed_leniently(body)
        except ValueError:
            checked(self._items.validate_json, body, "body")  # says in words where it stops being JSON
            raise
        return checked_items(checked(self._items.validate_python, items, "body"), self.limits.text_chars)

    def text_of_query(self, request: Request) -> str:
        """Return the parameter `text`. Raises RequestValidationError."""
        given = request.query_params.get("text")
        if given is None:
            raise RequestValidationError(
                [{"type": "missing", "loc": ("query", "text"), "msg": "Field required"}]
            )
        return checked(self._text.validate_python, given, "query", "text")

    def detail_of_query(self, request: Request) -> bool:
        """Return the parameter `detail`, false unless given. Raises RequestValidationError."""
        given = request.query_params.get("detail", "false")
        return checked(self._flag.validate_python, given, "query", "detail")

    def describe_query(self) -> dict[str, Any]:
        """Return the OpenAPI description of `?text=`."""
        schema = self._text.json_schema()
        words = schema.pop("description")
        parameter = {"name": "text", "in": "query", "description": words, "required": True, "schema": schema}
        return {"parameters": [parameter]}

    def describe_body(self) -> dict[str, Any]:
        """Return the OpenAPI description of `{"text": …}`."""
        return self._body.describe()

    def describe_batch(self) -> dict[str, Any]:
        """Return the OpenAPI description of `["…", …]`."""
        parameter = {
            "name": "detail",
            "in": "query",
            "description": "`true`: an object for each item, with an error of its own where it is no text.",
            "schema": {"type": "boolean", "default": False},
        }
        return {"parameters": [parameter]} | self._batch.describe()


def text_type(limits: InputLimits, *, least_chars: int = 0) -> Any:  # noqa: ANN401 - an annotation
    """Return the type of a text within the limits."""
    described = Field(
        min_length=least_chars,
        max_length=limits.text_chars,
        description="The text.",
        examples=[EXAMPLE_TEXT],
    )
    return Annotated[str, described]


async def body_of(request: Request) -> bytes:
    """Return the body of a request.

    It nearly always comes in one piece, for which `Request.body` is an expensive way.
    """
    message = await request.receive()
    parts = [message.get("body", b"")]
    while message.get("more_body", False):
        message = await request.receive()
        parts.append(message.get("body", b""))
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return parts[0] if len(parts) == 1 else b"".join(parts)


def checked(check: Callable[[Any], T], value: object, *place: str) -> T:
    """Return `check(value)`, with errors as RequestValidationError.

    `place` is where the value stands in the request.
    """
    try:
        return check(value)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)
        located = [{**detail, "loc": (*place, *detail["loc"])} for detail in details]
        raise RequestValidationError(located) from None
