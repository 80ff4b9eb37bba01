"""Reading JSON into frozen values: what is not named is refused, what is named is checked."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from opinionlens.base.errors import ArtefactUnsupported

T = TypeVar("T")

_REMEDY = "Export the classifier again, or use the version of opinionlens that wrote it."


def parse(text: str, where: str) -> object:
    """Return the value of `text`; NaN, infinities and repeated keys are errors, unlike in `json.loads`.

    Raises:
        ArtefactUnsupported: `text` is not JSON in that narrow sense.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise refused(f"is not valid JSON: {error}", where) from error


def fields_of(record: type, value: object, where: str) -> dict[str, Any]:
    """Return `value` as the keyword arguments of the dataclass `record`: none unknown, none missing."""
    given = mapping(value, where)
    known = {field.name for field in dataclasses.fields(record) if field.init}
    if unknown := sorted(set(given) - known):
        raise refused(f"has unknown fields: {', '.join(unknown)}", where)
    if missing := sorted(known - set(given)):
        raise refused(f"lacks the fields: {', '.join(missing)}", where)
    return given


def mapping(value: object, where: str) -> dict[str, Any]:
    """Return `value` as a fresh dict."""
    if not isinstance(value, Mapping):
        raise refused(f"must be an object, not {_kind(value)}", where)
    return dict(value)


def array(value: object, item: Callable[[object, str], T], where: str) -> tuple[T, ...]:
    """Return `value` as a tuple, each element read by `item`."""
    if not isinstance(value, list):
        raise refused(f"must be an array, not {_kind(value)}", where)
    return tuple(item(element, f"{where}[{index}]") for index, element in enumerate(value))


def table(value: object, item: Callable[[object, str], T], where: str) -> dict[str, T]:
    """Return `value` as a dict with each value read by `item`."""
    return {name: item(element, f"{where}.{name}") for name, element in mapping(value, where).items()}


def text(value: object, where: str) -> str:
    """Return `value` if it is a string."""
    if not isinstance(value, str):
        raise refused(f"must be a string, not {_kind(value)}", where)
    return value


def optional_text(value: object, where: str) -> str | None:
    """Return `value` if it is a string or null."""
    return None if value is None else text(value, where)


def number(value: object, where: str) -> float:
    """Return `value` as a float; JSON's integers count, booleans do not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused(f"must be a number, not {_kind(value)}", where)
    if not abs(value) < math.inf or abs(value) > sys.float_info.max:
        raise refused("must be a finite number", where)
    return float(value)


def count(value: object, where: str) -> int:
    """Return `value` if it is an integer of zero or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise refused(f"must be an integer of 0 or more, not {value!r}", where)
    return value


def scalar(value: object, where: str) -> str | int | float | bool | None:
    """Return `value` if it is no container."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise refused(f"must be a plain value, not {_kind(value)}", where)


def refused(what: str, where: str) -> ArtefactUnsupported:
    """Return (not raise) the error that names the field."""
    return ArtefactUnsupported(f"The manifest's {where} {what}.", remedy=_REMEDY)


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is repeated")
    return result
