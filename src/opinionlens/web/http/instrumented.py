"""Requests as the instrumentator measures them.

prometheus-fastapi-instrumentator finds the route's template and takes the time; what it finds raises the
app's own `http_*` series, whose labels it would not bound.
"""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_fastapi_instrumentator.metrics import Info
from prometheus_fastapi_instrumentator.middleware import PrometheusInstrumentatorMiddleware
from starlette.types import ASGIApp

from opinionlens.web.metrics import Metrics

# Where the scope keeps the `Answer` while a request is measured.
ANSWER = "opinionlens.answer"
# What log and metrics say when the client was gone before there was an answer; the number is nginx'.
NO_ANSWER = 499
# Of a length that is believed, so that one lie does not spoil every sum over lengths.
_MOST_DIGITS = 12


@dataclass(slots=True)
class Answer:
    """Status and size of an answer as sent."""

    status: int = NO_ANSWER
    sent_bytes: int = 0


def instrumented(app: ASGIApp, metrics: Metrics) -> ASGIApp:
    """Return the app with every request recorded once.

    The scope must hold an `Answer`: the instrumentator takes no answer for 500, and an answer without an
    announced length for empty.
    """

    def record(info: Info) -> None:
        scope = info.request.scope
        answer: Answer = scope[ANSWER]
        # Refused before the routes, or sent on to an address with a slash: what the instrumentator has then
        # may be the address itself, which anybody can make up.
        was_routed = "route" in scope or scope.get("root_path")
        metrics.observe_request(
            info.modified_handler if was_routed else None,
            info.method,
            answer.status,
            info.modified_duration,
            request_bytes=announced_length(info.request.headers.get("content-length", "").encode()),
            response_bytes=answer.sent_bytes,
        )

    return PrometheusInstrumentatorMiddleware(app, instrumentations=[record])


def announced_length(value: bytes) -> int:
    """Return the number in `Content-Length`, or 0."""
    digits = value.lstrip(b"0")  # Python takes offence at thousands of digits, be they zeros
    if not digits.isdigit():
        return 0
    return int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS
