"""Check of a batch item by item. Pure.

An invalid item does not spoil the others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_core import from_json

_KINDS = {type(None): "null", bool: "a boolean", int: "a number", float: "a number", list: "an array"}


@dataclass(frozen=True, slots=True)
class BadItem:
    """Reason why an item gets no prediction.

    A stable code, and a detail that does not repeat the content.
    """

    code: str
    detail: str


def checked_items(items: Sequence[object], max_chars: int) -> list[str | BadItem]:
    """Return the items, each invalid one replaced by its reason."""
    return [_checked(item, max_chars) for item in items]


def _checked(item: object, max_chars: int) -> str | BadItem:
    if not isinstance(item, str):
        return BadItem("not_a_text", f"An item must be a text, not {_KINDS.get(type(item), 'an object')}.")
    if len(item) > max_chars:
        return BadItem("text_too_long", f"A text may have at most {max_chars} characters.")
    if not _is_unicode(item):
        return BadItem("not_unicode", "The text holds half of a surrogate pair.")
    return item


def parsed_leniently(body: bytes) -> object:
    """Return the value of a JSON document.

    Unlike in strict JSON, strings may hold half of a surrogate pair.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return from_json(body)
    except ValueError:
        try:
            # Numbers of any length are None: they are no texts, whatever they are.
            return json.loads(body.decode(), parse_int=lambda digits: 0)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
