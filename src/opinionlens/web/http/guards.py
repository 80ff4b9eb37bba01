"""Checks of identity and permission, made before a route runs.

A program sends a key (`Authorization: Bearer …` or `X-API-Key: …`), a person's browser the cookie of a
session. A request that changes something and comes with the cookie must also carry the session's CSRF token,
in the header `X-CSRF-Token` or in the form field `csrf_token`. A request with a key needs no token, as no
browser adds keys by itself. `accounts.rights` has the table of rights of roles and keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends
from starlette.requests import Request

from opinionlens.accounts.errors import CsrfFailed, GoToLogin, LoginNeeded, NotAllowed
from opinionlens.accounts.principals import Principal, Visitor
from opinionlens.accounts.rights import Right, least_role, least_scope
from opinionlens.accounts.tokens import same
from opinionlens.storage import StorageUnavailable
from opinionlens.web.http import cookies
from opinionlens.web.http.forms import form_of
from opinionlens.web.http.schemas import Problem
from opinionlens.web.services.state import Services, services_of

__all__ = [
    "GUARDED",
    "MAYBE_GUARDED",
    "MAYBE_WITH_KEY",
    "Admin",
    "Analyst",
    "Principal",
    "Viewer",
    "Visitor",
    "admin_only",
    "admin_page",
    "analyst_only",
    "analyst_page",
    "check_csrf",
    "check_may_predict",
    "view_page",
    "visitor_of",
]

CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf_token"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
_MOST_FIELDS = 50
# A page that only shows the name of principal is logged in does not wait longer for the database.
_PATIENCE_SECONDS = 1.0

# For `responses=` of the routes that need a right.
GUARDED: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No key or session, or one that is good no more."},
    403: {
        "model": Problem,
        "description": "The key or the user's role may not do this, or the CSRF token is missing.",
    },
}

# For `responses=` and `openapi_extra=` of the routes that `check_may_predict` guards where a setting says so.
MAYBE_GUARDED: dict[int | str, dict[str, Any]] = {
    401: {
        "model": Problem,
        "description": "No good key or session, where `SECURITY__PREDICT_NEEDS_KEY` is set.",
    },
    403: {
        "model": Problem,
        "description": "The key may not do this, where `SECURITY__PREDICT_NEEDS_KEY` is set.",
    },
}
MAYBE_WITH_KEY: dict[str, Any] = {"security": [{}, {"key": []}]}


def _needs(right: Right) -> Callable[[Request], Awaitable[Principal]]:
    """Return the guard of routes that need a right.

    A FastAPI dependency, or called with a request. It raises:
        LoginNeeded: no key or session came, or one that is good no more.
        NotAllowed: the key's scopes or the user's role lack the right.
        CsrfFailed: a session came, but not its CSRF token, to change something.
        StorageUnavailable: the database, which knows keys and sessions, does not answer.
    """

    async def guard(request: Request) -> Principal:
        services = services_of(request)
        principal = await _principal_of_key(request, services)
        if principal is not None:
            return _with_right(principal, right)
        visitor = await _visitor(request, services)
        if visitor is None:
            raise _login_needed()
        if request.method not in _SAFE_METHODS:
            await check_csrf(request, visitor.csrf_token)
        return _with_right(visitor.viewer, right)

    return guard


def _page_needs(right: Right) -> Callable[[Request], Awaitable[Visitor]]:
    """Return the guard of pages that need a right.

    Keys open no pages. It raises:
        GoToLogin: nobody is logged in; where the page was to change something, one starts at the front.
        NotAllowed: the user's role lacks the right.
        CsrfFailed: the form that was sent has not the session's CSRF token.
        StorageUnavailable: the database does not answer.
    """

    async def guard(request: Request) -> Visitor:
        visitor = await _visitor(request, services_of(request))
        is_safe = request.method in _SAFE_METHODS
        if visitor is None:
            raise GoToLogin(f"/login?next={quote(_address(request), safe='/')}" if is_safe else "/login")
        if not is_safe:
            await check_csrf(request, visitor.csrf_token)
        _with_right(visitor.viewer, right)
        return visitor

    return guard


view_only, analyst_only, admin_only = _needs(Right.VIEW), _needs(Right.ANALYSE), _needs(Right.MANAGE)
view_page, analyst_page, admin_page = (
    _page_needs(Right.VIEW),
    _page_needs(Right.ANALYSE),
    _page_needs(Right.MANAGE),
)
Viewer = Annotated[Principal, Depends(view_only)]
Analyst = Annotated[Principal, Depends(analyst_only)]
Admin = Annotated[Principal, Depends(admin_only)]


async def check_may_predict(request: Request, services: Services) -> Principal | None:
    """Return the caller where predictions need a key.

    None, at no cost, where they are open to all.

    A session needs no CSRF token here: a forged request changes nothing, and its author cannot read the
    answer.

    Raises:
        LoginNeeded: no key or session came, or one that is good no more.
        NotAllowed: the key has not the scope `predict`.
        StorageUnavailable: the database does not answer, and the key was not good a short while ago.
    """
    if not services.security.predict_needs_key:
        return None
    principal = await _principal_of_key(request, services)
    if principal is not None:
        return _with_right(principal, Right.PREDICT)
    visitor = await _visitor(request, services)
    if visitor is None:
        raise _login_needed()
    return _with_right(visitor.viewer, Right.PREDICT)


async def visitor_of(request: Request) -> Visitor | None:
    """Return the logged-in visitor of a public page, or None.

    Never fails, and waits a second for the database at most.

    As a dependency of a page's route it makes the frame show the name and the way out.
    """
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await _visitor(request, services_of(request))
    except (StorageUnavailable, TimeoutError):
        return None


async def check_csrf(request: Request, expected: str) -> None:
    """Raise unless the request carries the session's CSRF token.

    Raises:
        CsrfFailed: it is missing or another one.
    """
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").startswith(_FORM_TYPES):
        given = (await form_of(request, most_fields=_MOST_FIELDS)).get(CSRF_FIELD, "")
    if not same(given or "", expected):
        raise CsrfFailed("The request does not carry the token of this login.", remedy="Reload the page.")


async def _principal_of_key(request: Request, services: Services) -> Principal | None:
    """Return the principal of the request's key.

    None when no key came.
    """
    key = key_of(request)
    if key is None:
        return None
    principal = await services.security.keys.principal_of(key)
    if principal is None:
        raise LoginNeeded("The key is not known, or it has been revoked.", remedy="Ask for another one.")
    return principal


def key_of(request: Request) -> str | None:
    """Return the API key of a request.

    Other schemes in `Authorization` are for a proxy and ignored.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return request.headers.get("x-api-key")


def _with_right(principal: Principal, right: Right) -> Principal:
    if right in principal.rights:
        return principal
    if principal.kind == "user":
        role = least_role(right)
        raise NotAllowed(f"This needs the role `{role}`.", remedy="Ask an admin for it.")
    raise NotAllowed(f"The key has not the scope `{least_scope(right)}`.", remedy="Use one that has.")


async def _visitor(request: Request, services: Services) -> Visitor | None:
    token = cookies.read(request, cookies.SESSION)
    if token is None:
        return None
    visitor = await services.security.sessions.visitor(token)
    request.state.visitor = visitor  # for the frame of the page
    return visitor


def _login_needed() -> LoginNeeded:
    return LoginNeeded(
        "This needs a key or a login.", remedy="Log in at `/login`, or send `Authorization: Bearer <key>`."
    )


def _address(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
