"""Dataclasses from JSON values of doubtful origin.

pydantic checks names and types; its first complaint is put into plain words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")

# pydantic's words for types of Python, in those of JSON.
_EXPECTED = {
    "string_type": "a string",
    "tuple_type": "an array",
    "dict_type": "an object",
    "dataclass_type": "an object",
    "float_type": "a number",
    "int_type": "an integer",
    "bool_type": "true or false",
}


class JsonUnfit(ValueError):
    """A JSON value that does not describe the class.

    Attributes:
        where: the place, for example `features.recipe`; `content` for the whole.
        what: the problem, as the rest of a sentence about that place.
    """

    def __init__(self, where: str, what: str) -> None:
        """Keep the two parts for the sentences of callers."""
        self.where = where
        self.what = what
        super().__init__(f"{where} {what}")


def read_dataclass(cls: type[T], value: object) -> T:
    """Return the instance that a JSON value describes.

    Each field must be there, also where the class has a default: what writes an instance writes all of it.

    Raises:
        JsonUnfit: a field is unknown or missing, or a value has another type.
    """
    try:
        adapter: TypeAdapter[T] = _adapter(cls)  # type: ignore[arg-type]  # mypy asks for its instances' hash
        found = adapter.validate_json(json.dumps(value), strict=True, extra="forbid")
    except ValidationError as error:
        raise _in_words(error) from error
    _check_complete(found, value, ())
    return found


@cache
def _adapter(cls: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


def _check_complete(found: object, given: Any, place: tuple[str | int, ...]) -> None:  # noqa: ANN401 - any JSON value
    """Raise if a default has filled a gap."""
    if is_dataclass(found):
        for name in (field.name for field in fields(found)):
            if name not in given:
                raise JsonUnfit(_dotted(place), f"lacks the fields: {name}")
            _check_complete(getattr(found, name), given[name], (*place, name))
    elif isinstance(found, tuple):
        for index, one in enumerate(found):
            _check_complete(one, given[index], (*place, index))


def _in_words(error: ValidationError) -> JsonUnfit:
    """Return the first problem that pydantic found."""
    first = error.errors(include_url=False)[0]
    *outer, last = place = first["loc"] or ("content",)
    match first["type"]:
        case "missing":
            return JsonUnfit(_dotted(outer), f"lacks the fields: {last}")
        case "unexpected_keyword_argument":
            return JsonUnfit(_dotted(outer), f"has unknown fields: {last}")
        case "enum":
            expected = first["ctx"]["expected"]
            return JsonUnfit(_dotted(place), f"is {str(first['input'])[:100]!r}, none of {expected}")
        case kind if kind in _EXPECTED:
            return JsonUnfit(_dotted(place), f"must be {_EXPECTED[kind]}")
    return JsonUnfit(_dotted(place), f"is not possible: {first['msg']}")


def _dotted(place: Iterable[str | int]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return path.lstrip(".") or "content"
