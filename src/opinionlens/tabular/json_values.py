"""JSON parsing that keeps numbers digit by digit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_BLANK = re.compile(r"[ \t\r\n]*")


class Number(str):
    """A number (or NaN, Infinity) as written in the file."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)


def parse(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Parse a JSON value, with numbers as `Number`.

    Raises:
        ValueError: it is not JSON, or nested thousands deep.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("the brackets are nested too deep") from error


def values(text: str) -> Iterator[tuple[str, Any]]:
    """Yield the source text and value of each element.

    The text is an array, or a sequence of values without brackets.

    Raises:
        ValueError: the text is not that; a `json.JSONDecodeError` where the place is known.
    """
    at = _skip(text, 0)
    is_array = text.startswith("[", at)
    at = _skip(text, at + is_array)
    while at < len(text) and not (is_array and text[at] == "]"):
        try:
            value, end = _DECODER.raw_decode(text, at)
        except RecursionError as error:
            raise ValueError("the brackets are nested too deep") from error
        yield text[at:end], value
        at = _skip(text, end)
        if is_array and text[at : at + 1] not in (",", "]"):
            raise json.JSONDecodeError("Expecting ',' or ']'", text, at)
        if is_array and text[at] == ",":
            at = _skip(text, at + 1)
            if text[at : at + 1] == "]":
                raise json.JSONDecodeError("Expecting value", text, at)
    if is_array and (at >= len(text) or _skip(text, at + 1) < len(text)):
        raise json.JSONDecodeError(
            "Expecting the end of the array" if at >= len(text) else "Extra data", text, at
        )


def members(text: str) -> list[tuple[str, str]]:
    """Return name and source text of each member.

    The text must be a valid object.
    """
    found = []
    at = _skip(text, _skip(text, 0) + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, start)
        found.append((str(name), text[start:end]))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
