"""Middleware of every request, as plain ASGI.

From the outermost: request id and log, security headers, safety net, HEAD, limit of the body. Plain
predictions go past them (`web.lane`): a change here is to be made there, too. Starlette's
`BaseHTTPMiddleware` would cost more than the answer to a short text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from time import perf_counter

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opinionlens.base.logs import failure_code, request_id
from opinionlens.serving.idents import Idents
from opinionlens.web.http.instrumented import ANSWER, Answer, announced_length, instrumented
from opinionlens.web.http.problems import http_failure, unexpected
from opinionlens.web.metrics import Metrics
from opinionlens.web.services.error_log import ErrorLog

# An id from outside is kept when it can do no harm in a log or a header.
_GOOD_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}", re.ASCII)
# Asked every few seconds by machines: not worth a line each.
_QUIET_PATHS = frozenset({"/health", "/ready", "/metrics", "/api/v1/metrics"})
# Ten of these make one page.
_QUIET_MOUNTS = frozenset({"/static", "/swagger"})

# As many of the largest bodies may be on their way at a time: 64 MB by default.
_MOST_HELD_BODIES = 32
_TOO_MANY_BODIES = "Too many large bodies are on their way. Try again in a moment."

# Where the scope keeps the time at which the lane began to wait for a body that it then handed on.
BEGAN = "opinionlens.began"


def content_security_policy(form_targets: Sequence[str] = ()) -> str:
    """Return the policy of all pages.

    Args:
        form_targets: other origins that the login's form may lead to; browsers look at its redirects, too.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",  # Swagger's style sheet carries its icons as data
            "connect-src 'self'",
            " ".join(("form-action 'self'", *form_targets)),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
# Over https only: a browser that has once come by https does not try http again for a year.
_HSTS = (b"strict-transport-security", b"max-age=31536000")

Fields = tuple[tuple[bytes, bytes], ...]


def security_headers(form_targets: Sequence[str] = (), *, is_https: bool) -> Fields:
    """Return the security headers of every answer."""
    policy = content_security_policy(form_targets).encode()
    fields = ((b"content-security-policy", policy), *_HEADERS)
    return (*fields, _HSTS) if is_https else fields


def is_good_id(given: bytes) -> bool:
    """Tell whether an id from outside is kept."""
    return _GOOD_ID.fullmatch(given) is not None


class RequestLog:
    """Middleware that gives each request an id and reports it.

    The id is answered in `X-Request-ID`. The report goes to the log, to the metrics, and to the error log
    where the request ended in an error. All name the route, not the address: an address may hold a person's
    text.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics | None = None,
        error_log: ErrorLog | None = None,
        direct_paths: frozenset[str] = frozenset(),
    ) -> None:
        """Wrap `app`.

        Args:
            app: what handles requests.
            metrics: where they are counted.
            error_log: where those that end in an error are kept.
            direct_paths: counted by this middleware itself, which knows all that it takes; all others go
                through the instrumentator, which costs more than answering a short text may.
        """
        self.app = app
        self._instrumented = app if metrics is None else instrumented(app, metrics)
        self._direct_paths = direct_paths
        self._metrics = metrics
        self._error_log = error_log
        self._idents = Idents()
        self._log = structlog.get_logger("access").bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = announced = b""
        for name, value in scope["headers"]:
            if name == b"content-length":
                announced = value
            elif name == b"x-request-id":
                given = value
        ident = given.decode() if is_good_id(given) else self._idents.new_hex()
        answer = Answer()
        is_direct = scope["path"] in self._direct_paths
        if not is_direct:
            scope[ANSWER] = answer
        started = scope.get(BEGAN) or perf_counter()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", ident.encode())]
            else:
                answer.sent_bytes += len(message.get("body", b""))
            await send(message)

        token = request_id.set(ident)
        try:
            await (self.app if is_direct else self._instrumented)(scope, receive, send_with_id)
        finally:
            seconds = perf_counter() - started
            route = getattr(scope.get("route"), "path", None) or scope.get("root_path") or None
            self._write(scope, route, answer.status, seconds)
            if is_direct and self._metrics is not None:
                self._metrics.observe_request(
                    route,
                    scope["method"],
                    answer.status,
                    seconds,
                    request_bytes=announced_length(announced),
                    response_bytes=answer.sent_bytes,
                )
            request_id.reset(token)

    def _write(self, scope: Scope, route: str | None, status: int, seconds: float) -> None:
        quiet = status != 500 and (scope["path"] in _QUIET_PATHS or scope.get("root_path") in _QUIET_MOUNTS)
        write = self._log.debug if quiet else self._log.info
        milliseconds = round(seconds * 1_000, 2)
        write("request", method=scope["method"], route=route, status=status, milliseconds=milliseconds)
        if status >= 400 and self._error_log is not None and self._error_log.takes(status):
            self._error_log.add(
                request_id=request_id.get() or "",
                method=scope["method"],
                route=route,
                status=status,
                code=failure_code.get(),
                milliseconds=milliseconds,
            )


class SecurityHeaders:
    """Middleware that adds security headers to every answer."""

    def __init__(self, app: ASGIApp, *, form_targets: Sequence[str] = ()) -> None:
        """Wrap `app`, with other origins for its forms."""
        self.app = app
        self._headers = security_headers(form_targets, is_https=False)
        self._headers_of_https = security_headers(form_targets, is_https=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        added = self._headers_of_https if scope.get("scheme") == "https" else self._headers

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self.app(scope, receive, send_with_headers)


class SafetyNet:
    """Middleware that answers 500 after unexpected exceptions.

    The traceback goes to the log without values. It stands inside the other layers, so that even this answer
    has its id and its headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app
        self._log = structlog.get_logger("app")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except ClientDisconnect:  # nobody is left to answer
            return
        except Exception:  # the last resort: whatever it was, the client gets an answer and the log the cause
            self._log.exception("request.crashed")
            if begun:
                raise
            await unexpected()(scope, receive, send)


class BodyLimit:
    """Middleware that refuses a body that is too large.

    At once where its length is announced, else while it arrives. It also limits the number of bodies that are
    held in memory until their last byte has come: a thousand slow clients could otherwise fill it.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Wrap `app`."""
        self.app = app
        self._max_bytes = max_bytes
        self._detail = f"The body may have at most {max_bytes} bytes."
        self._held_bytes = 0  # of bodies whose end has not come
        self._most_held_bytes = _MOST_HELD_BODIES * max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if announced_length(announced) > self._max_bytes:
            # What is still coming is not worth reading.
            answer = await http_failure(Request(scope), self._refusal())
            await answer(scope, receive, send)
            return
        arrived = held = 0

        async def receive_counted() -> Message:
            nonlocal arrived, held
            message = await receive()
            size = len(message.get("body", b""))
            arrived += size
            if arrived > self._max_bytes:
                raise self._refusal()
            if message.get("more_body", False):
                held += size
                self._held_bytes += size
                if self._held_bytes > self._most_held_bytes:
                    raise HTTPException(503, _TOO_MANY_BODIES, {"Retry-After": "1", "Connection": "close"})
            return message

        try:
            await self.app(scope, receive_counted, send)
        finally:
            self._held_bytes -= held

    def _refusal(self) -> HTTPException:
        return HTTPException(413, self._detail, {"Connection": "close"})


class HeadAsGet:
    """Middleware that answers HEAD as GET without the body.

    HTTP requires it; FastAPI's routes know only the methods that they name.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        # A stream of events would be made for nobody, for as long as it lasts.
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].endswith("/events"):
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            # The route is found; the server must know from here on that no body belongs to the length.
            scope["method"] = "HEAD"
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        scope["method"] = "GET"  # in place, as the log finds the route in the very same scope
        try:
            await self.app(scope, receive, send_without_body)
        finally:
            scope["method"] = "HEAD"
