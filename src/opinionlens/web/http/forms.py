"""Fields of forms in UTF-8, without uploads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from opinionlens.web.services.state import services_of

_MOST_FIELDS = 10
# A character of a text takes 12 bytes at most (`%F0%9F%98%80`); the rest is for the other fields.
_BYTES_PER_CHAR, _BYTES_OF_THE_REST = 12, 4_096
# Taking longer forms apart takes long enough to be felt by other requests.
_QUICK_BYTES = 4_096
_URL_ENCODED = "application/x-www-form-urlencoded"


async def form_of(request: Request, *, most_fields: int = _MOST_FIELDS) -> Mapping[str, str]:
    """Return the fields of the form that was sent.

    The form is read once for each request.

    Raises:
        HTTPException: it is longer than the longest text, has too many fields, or bytes that are not UTF-8.
    """
    kept: Mapping[str, str] | None = getattr(request.state, "form", None)
    if kept is None:
        kept = request.state.form = await _read(request, most_fields)
    return kept


async def _read(request: Request, most_fields: int) -> Mapping[str, str]:
    if not request.headers.get("content-type", "").startswith(_URL_ENCODED):
        form = await request.form(max_files=0, max_fields=most_fields)
        return {name: str(value) for name, value in form.items()}
    body = await request.body()
    most_chars = services_of(request).inputs.limits.text_chars
    if len(body) > _BYTES_PER_CHAR * most_chars + _BYTES_OF_THE_REST:
        raise HTTPException(413, f"The form is too large; a text may have at most {most_chars:,} characters.")
    if body.count(b"&") >= most_fields:  # empty ones count, too
        raise HTTPException(400, f"A form may have at most {most_fields} fields.")
    try:
        return _parsed(body) if len(body) <= _QUICK_BYTES else await asyncio.to_thread(_parsed, body)
    except UnicodeDecodeError:
        raise HTTPException(422, "The form is not in UTF-8.") from None


def _parsed(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
