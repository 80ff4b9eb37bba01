"""Cookies for our own pages.

Scripts cannot read them, and over https they are bound to it.
"""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

SESSION = "opinionlens_session"
# Carries no right; a login form must match it, so that another site cannot log somebody in as somebody else.
LOGIN_FORM = "opinionlens_login"


def read(request: Request, name: str) -> str | None:
    """Return the value of one of our cookies.

    Over https only a cookie that this very host set over https counts.
    """
    return request.cookies.get(full_name(name, is_https=_is_https(request)))


def put(
    request: Request, response: Response, name: str, value: str, *, same_site: Literal["lax", "strict"]
) -> None:
    """Set a cookie that lasts until the browser is closed.

    The database knows how long a session lasts.
    """
    response.set_cookie(
        full_name(name, is_https=_is_https(request)),
        value,
        path="/",
        secure=_is_https(request),
        httponly=True,
        samesite=same_site,
    )


def drop(request: Request, response: Response, name: str) -> None:
    """Make the browser forget a cookie."""
    response.delete_cookie(
        full_name(name, is_https=_is_https(request)),
        path="/",
        secure=_is_https(request),
        httponly=True,
        samesite="lax",
    )


def full_name(name: str, *, is_https: bool) -> str:
    """Return the name under which a browser keeps a cookie.

    The prefix makes browsers refuse one from http or from a neighbouring host.
    """
    return f"__Host-{name}" if is_https else name


def _is_https(request: Request) -> bool:
    return request.url.scheme == "https"
