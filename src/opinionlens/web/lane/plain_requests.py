"""Decision whether a request may take the lane. Pure.

A request is plain where no middleware and no check of the ordinary way could do anything with it but let it
pass. Whatever is not known to be plain is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from starlette.types import Scope

from opinionlens.web.http.instrumented import announced_length
from opinionlens.web.http.middleware import is_good_id

PATH = "/api/v1/inference/predict"

# Fields that change nothing about a prediction, by whatever value. A list of those that do would be shorter,
# and wrong on the day on which a middleware begins to look at one more. Not here are, among others, `Origin`
# (CORS), `Cookie`, `Content-Encoding` (well-formed requests), `Expect`, `Transfer-Encoding` (the server).
_HARMLESS = frozenset(
    {
        # Looked at below.
        b"host",
        b"content-length",
        b"x-request-id",
        # Of programs. A body is JSON under whatever type it comes; keys count only where one is needed, and
        # there is no lane there.
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"authorization",
        b"cache-control",
        b"connection",
        b"content-type",
        b"pragma",
        b"user-agent",
        b"x-api-key",
        # Of proxies and tracing. The server has read them already: they are in the scope's scheme and client.
        b"forwarded",
        b"traceparent",
        b"tracestate",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-forwarded-server",
        b"x-real-ip",
    }
)


class PlainRequest(NamedTuple):
    """A plain request, reduced to its effects on an answer.

    Attributes:
        ident: the id that came with it, fit to be kept; empty without one.
        announced: the length of its body.
        is_https: whether the client came by https.
    """

    ident: str
    announced: int
    is_https: bool


def plain_request(scope: Scope, *, most_bytes: int, trusts: Callable[[bytes], bool]) -> PlainRequest | None:
    """Return the plain request in a scope, or None.

    Args:
        scope: of the request.
        most_bytes: of its body.
        trusts: tells whether the app answers under the name in a `Host` header.
    """
    if (
        scope["type"] != "http"
        or scope["path"] != PATH
        or scope["method"] != "POST"
        or scope["query_string"]
        or scope.get("root_path")
    ):
        return None
    fields = dict(scope["headers"])
    # Of a field that came twice only one is left.
    if len(fields) != len(scope["headers"]) or not fields.keys() <= _HARMLESS:
        return None
    announced = announced_length(fields.get(b"content-length", b""))
    if not 0 < announced <= most_bytes or not trusts(fields.get(b"host", b"")):
        return None
    ident = fields.get(b"x-request-id", b"")
    return PlainRequest(
        ident.decode() if is_good_id(ident) else "", announced, is_https=scope.get("scheme") == "https"
    )
