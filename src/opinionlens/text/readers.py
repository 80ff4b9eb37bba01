"""How a recipe decodes a text before it cuts pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from opinionlens.text.aligned import Aligned
from opinionlens.text.entities import decode, decode_aligned
from opinionlens.text.typography import plain_forms, plain_forms_aligned


class ReadFunctions(NamedTuple):
    """Two functions that decode a text to the same result.

    `read` is the quick one, without the places of the characters.
    """

    read: Callable[[str], str]
    read_aligned: Callable[[str], Aligned]


def _plainly(text: str) -> str:
    return plain_forms(decode(text))


def _plainly_aligned(text: str) -> Aligned:
    return plain_forms_aligned(decode_aligned(text))


_AS_WRITTEN = ReadFunctions(decode, decode_aligned)
_IN_PLAIN_FORMS = ReadFunctions(_plainly, _plainly_aligned)
READERS: dict[str, ReadFunctions] = {
    "plain-v1": _AS_WRITTEN,
    "social-v1": _AS_WRITTEN,
    "plain-v2": _IN_PLAIN_FORMS,
    "social-v2": _IN_PLAIN_FORMS,
}
