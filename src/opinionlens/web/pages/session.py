"""`/login` and `/logout`: pages that work without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from opinionlens.accounts.errors import CsrfFailed, TooManyAttempts
from opinionlens.accounts.login import LoginRefused
from opinionlens.accounts.tokens import is_token, new_token, same
from opinionlens.base.errors import OpinionLensError
from opinionlens.web.http import cookies
from opinionlens.web.http.client_address import address_of
from opinionlens.web.http.forms import form_of
from opinionlens.web.http.guards import check_csrf, visitor_of
from opinionlens.web.http.problems import headers_of
from opinionlens.web.http.return_path import way_back
from opinionlens.web.services.state import services_of

router = APIRouter(include_in_schema=False)

_MOST_NAME_CHARS = 200
_NO_STORE = {"Cache-Control": "no-store"}

log = structlog.get_logger("security")


@dataclass(frozen=True, slots=True)
class LoginView:
    """View model of the login page.

    `next` is the page to go to afterwards, `token` belongs to the form.
    """

    next: str
    token: str
    predictions_need_login: bool
    alert: str | None = None


@router.get("/login")
async def login_page(request: Request) -> Response:
    """Show the login form, or redirect a logged-in visitor."""
    target = way_back(request.query_params.get("next"))
    if await visitor_of(request) is not None:
        return RedirectResponse(target, 303, _NO_STORE)
    return _form(request, target)


@router.post("/login")
async def login(request: Request) -> Response:
    """Log a person in, or show the reason why not.

    On failure the same page is shown, with neither name nor password.
    """
    form = await form_of(request)
    target = way_back(form.get("next", ""))
    name, password = form.get("username", "").strip(), form.get("password", "")
    try:
        _check_origin(request, form)
        if not name or not password:
            return _form(request, target, 422, alert="Type your name and your password.")
        return await _enter(request, name[:_MOST_NAME_CHARS], password, target)
    except OpinionLensError as error:  # here and not in `failures`, so that one can try again at once
        if error.status >= 500:
            log.warning("login.failed", code=error.code, reason=str(error))
        alert = " ".join(part for part in (error.what, error.remedy) if part)
        answer = _form(request, target, error.status, alert=alert)
        answer.headers.update(headers_of(error))
        return answer


@router.post("/logout")
async def logout(request: Request) -> Response:
    """End the session, on this site and in the browser."""
    sessions = services_of(request).security.sessions
    token = cookies.read(request, cookies.SESSION)
    visitor = None if token is None else await sessions.visitor(token)
    if token is not None and visitor is not None:
        await check_csrf(request, visitor.csrf_token)
        await sessions.end(token)
        log.info("logout.done", user=visitor.viewer.name)
    answer = RedirectResponse("/", 303, _NO_STORE)
    cookies.drop(request, answer, cookies.SESSION)
    return answer


async def _enter(request: Request, name: str, password: str, target: str) -> Response:
    services = services_of(request)
    security, metrics = services.security, services.metrics
    try:
        session = await security.login.enter(name, password, address_of(request))
    except TooManyAttempts:
        metrics.count_login("throttled")
        raise
    except LoginRefused:
        metrics.count_login("refused")
        raise
    metrics.count_login("accepted")
    former = cookies.read(request, cookies.SESSION)
    if former is not None and is_token(former):
        await security.sessions.end(former)
    answer = RedirectResponse(target, 303, _NO_STORE)
    cookies.put(request, answer, cookies.SESSION, session.token, same_site="lax")
    cookies.drop(request, answer, cookies.LOGIN_FORM)
    return answer


def _check_origin(request: Request, form: Mapping[str, str]) -> None:
    """Refuse a login form that another site sends.

    Such a form could make a person work under a foreign name without noticing. Modern browsers report the
    sending site over https. Over http, and as our pages send no referrer, they do not, so the form also
    carries a token that only a page loaded from here can know.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    expected = cookies.read(request, cookies.LOGIN_FORM) or ""
    if site != "same-origin" or not is_token(expected) or not same(form.get("token", ""), expected):
        raise CsrfFailed("This form was open for too long, or cookies are off.", remedy="Please try again.")


def _form(request: Request, target: str, status: int = 200, *, alert: str | None = None) -> Response:
    kept = cookies.read(request, cookies.LOGIN_FORM)
    token = kept if kept is not None and is_token(kept) else new_token()  # one for all tabs
    services = services_of(request)
    view = LoginView(target, token, services.security.predict_needs_key, alert)
    page = services.pages.render(request, "login.html", status, here="admin", view=view)
    cookies.put(request, page, cookies.LOGIN_FORM, token, same_site="strict")
    return page
