"""Early refusal of requests that cannot be read correctly.

A route would read them wrongly or at great cost.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from opinionlens.web.http.problems import http_failure, invalid_request

# Only programs are told about bytes; a page must not fail for what a link adds to its address.
_PROGRAMS = "/api/"
_MOST_PARAMETERS = 100
_PLAIN_CODINGS = frozenset({b"", b"identity"})
_NOT_UTF8 = "The bytes behind `%` are not UTF-8; write `é` as `%C3%A9`, not as `%E9`"
_BEYOND_ASCII = re.compile(rb"%[89A-Fa-f]")
_CODED = "The body is compressed or coded (`Content-Encoding`). Send it as it is, without that header."


class WellFormed:
    """Middleware that checks body coding, query and cookies."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        for index, (name, value) in enumerate(scope["headers"]):
            if name == b"content-encoding" and value.strip().lower() not in _PLAIN_CODINGS:
                # RFC 9110, 15.5.16: the header says what would be taken.
                refusal = HTTPException(415, _CODED, {"Accept-Encoding": "identity"})
                await (await http_failure(Request(scope), refusal))(scope, receive, send)
                return
            if name == b"cookie" and b"\\" in value:
                scope["headers"][index] = (name, without_backslashes(value))
        query = scope["query_string"]
        fault = fault_of_query(query, strict=scope["path"].startswith(_PROGRAMS)) if query else None
        if fault is not None:
            await (await invalid_request(Request(scope), fault))(scope, receive, send)
            return
        await self.app(scope, receive, send)


def without_backslashes(cookies: bytes) -> bytes:
    """Return the cookies without those that hold a backslash.

    RFC 6265 forbids a backslash.

    Many releases of Python unquote a value in a time that grows with the square of its length: 110 seconds
    for one header of 120 kB (CVE-2024-7592).
    """
    return b";".join(cookie for cookie in cookies.split(b";") if b"\\" not in cookie)


def fault_of_query(query: bytes, *, strict: bool) -> RequestValidationError | None:
    """Return the error in a query, or None.

    Args:
        query: as it stands in the address.
        strict: whether its bytes must be UTF-8; Starlette would read other characters in their place.
    """
    parameters = query.split(b"&", _MOST_PARAMETERS)
    if len(parameters) > _MOST_PARAMETERS:
        return _fault("too_many", f"There are more than {_MOST_PARAMETERS} parameters")
    if not strict or b"%" not in query:
        return None
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if not _is_utf8(name):
            return _fault("not_utf8", _NOT_UTF8)
        if not _is_utf8(value):
            return _fault("not_utf8", _NOT_UTF8, unquote_to_bytes(name).decode())
    return None


def _is_utf8(escaped: bytes) -> bool:
    if _BEYOND_ASCII.search(escaped) is None:  # decoding is a hundred times slower
        return True
    try:
        unquote_to_bytes(escaped).decode()
    except UnicodeDecodeError:
        return False
    return True


def _fault(kind: str, message: str, *place: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": ("query", *place), "msg": message}])
