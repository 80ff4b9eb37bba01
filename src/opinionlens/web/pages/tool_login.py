"""`/auth/…`: the app's login at other programs of the site.

The reverse proxy asks `/auth/forward/{tool}` about every request to a tool's host. Without a login there the
browser is sent to `/auth/start` on the app's host, which gives it a code, and comes back with that to
`/opinionlens-login` on the tool's host, which again is answered through `/auth/forward/{tool}`.
"""

from __future__ import annotations

import string
from typing import Annotated
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from opinionlens.accounts.errors import CsrfFailed, GoToLogin, LoginNeeded, NotAllowed
from opinionlens.accounts.rights import least_role
from opinionlens.accounts.tokens import hash_token, is_hash, is_token, new_token
from opinionlens.accounts.tools import (
    GRAFANA_ROLE,
    RIGHT_OF_TOOL,
    TITLES,
    Tool,
    ToolLogins,
    ToolVisitor,
    may_use,
)
from opinionlens.web.http import cookies
from opinionlens.web.http.forwarded import (
    ForwardedRequest,
    forwarded_request,
    is_host_of,
    without_cookies,
)
from opinionlens.web.http.guards import Visitor, view_page
from opinionlens.web.http.return_path import tool_path
from opinionlens.web.services.state import services_of

router = APIRouter(include_in_schema=False)

# A path that none of the tools has.
LOGIN_PATH = "/opinionlens-login"
# On a tool's host: the login there; and, without any right, what a code must belong to.
TOOL_COOKIE, ENTRY_COOKIE = "opinionlens_tool", "opinionlens_entry"
# Of a name in a header; every other byte is quoted.
_PLAIN = frozenset((string.ascii_letters + string.digits + "-_.@").encode())
_NO_STORE = {"Cache-Control": "no-store"}


@router.get("/auth/forward/{name}")
async def forward(request: Request, name: str) -> Response:
    """Tell the reverse proxy whether a request may pass.

    Its path says which program the request is for. 200 lets it pass, with the user's name; every other answer
    goes to the browser.
    """
    tools = services_of(request).security.tools
    tool, address = _known(tools, name)
    asked = forwarded_request(request.headers)
    if not is_host_of(asked.host, address):  # a route of the proxy for one host asks about another
        raise NotAllowed("This host is not the one that the settings name.")
    visitor = await tools.visitor(_cookie(request, TOOL_COOKIE, address), tool)
    if asked.method == "GET" and asked.path == LOGIN_PATH:
        return await _finish(request, tools, tool, asked, visitor)
    if visitor is None or not may_use(visitor.role, tool):
        return _refused(request, tools, tool, asked, visitor)
    if not asked.is_from(address):
        raise CsrfFailed("A page of another host sent this.")
    return _passed(request, visitor, address)


@router.get("/auth/start")
async def start(request: Request, visitor: Annotated[Visitor, Depends(view_page)]) -> Response:
    """Send a logged-in browser to a tool with a code."""
    services = services_of(request)
    tools = services.security.tools
    tool, address = _known(tools, request.query_params.get("tool", ""))
    if RIGHT_OF_TOOL[tool] not in visitor.viewer.rights:
        raise _role_too_low(tool)
    state, path = request.query_params.get("state", ""), tool_path(request.query_params.get("path", "/"))
    if not is_hash(state):
        return services.pages.render(
            request, "tool_login.html", 400, here="admin", title=TITLES[tool], address=address
        )
    code = await tools.make_code(cookies.read(request, cookies.SESSION) or "", tool, state)
    if code is None:
        raise GoToLogin("/login")
    query = urlencode({"code": code, "path": path})
    return RedirectResponse(f"{address}{LOGIN_PATH}?{query}", 303, _NO_STORE)


async def _finish(
    request: Request, tools: ToolLogins, tool: Tool, asked: ForwardedRequest, visitor: ToolVisitor | None
) -> Response:
    """Exchange a code for a login at the tool."""
    address = tools.addresses[tool]
    given = parse_qs(asked.query, max_num_fields=10) if asked.query.count("&") < 10 else {}
    path = tool_path(given.get("path", ["/"])[0])
    token = await tools.exchange(given.get("code", [""])[0], tool, _cookie(request, ENTRY_COOKIE, address))
    if token is None and visitor is None:
        # The page there says so: this host has no style sheet.
        return RedirectResponse(f"{tools.url}/auth/start?{urlencode({'tool': tool})}", 303, _NO_STORE)
    answer = RedirectResponse(f"{address}{path}", 303, _NO_STORE)
    if token is not None:
        _put_cookie(answer, TOOL_COOKIE, token, address)
    return answer


def _refused(
    request: Request, tools: ToolLogins, tool: Tool, asked: ForwardedRequest, visitor: ToolVisitor | None
) -> Response:
    """Send a person to the app, and refuse anything else."""
    address = tools.addresses[tool]
    if not asked.is_navigation:
        if visitor is None:
            raise LoginNeeded("This needs a login.", remedy="Reload the page.")
        raise _role_too_low(tool)
    kept = _cookie(request, ENTRY_COOKIE, address)
    entry = kept if is_token(kept) else new_token()  # one for all tabs
    query = urlencode({"tool": tool, "state": hash_token(entry), "path": tool_path(asked.uri)})
    answer = RedirectResponse(f"{tools.url}/auth/start?{query}", 303, _NO_STORE)
    _put_cookie(answer, ENTRY_COOKIE, entry, address)
    return answer


def _passed(request: Request, visitor: ToolVisitor, address: str) -> Response:
    """Let a request pass, without our cookies."""
    is_https = _is_https(address)
    ours = frozenset(
        cookies.full_name(name, is_https=is_https)
        for name in (TOOL_COOKIE, ENTRY_COOKIE, cookies.SESSION, cookies.LOGIN_FORM)
    )
    headers = {
        **_NO_STORE,
        "X-WEBAUTH-USER": _quoted(visitor.viewer.name),
        "X-WEBAUTH-ROLE": GRAFANA_ROLE[visitor.role],
    }
    if others := without_cookies(request.headers, ours):
        headers["Cookie"] = others
    return Response(status_code=200, headers=headers)


def _known(tools: ToolLogins, name: str) -> tuple[Tool, str]:
    """Return a tool of the settings and its address.

    Raises:
        HTTPException: there is none of that name.
    """
    address = tools.addresses.get(name)  # type: ignore[call-overload]  # a Tool is its name
    if address is None:
        raise HTTPException(404, "No program of that name shares the login.")
    return Tool(name), address


def _role_too_low(tool: Tool) -> NotAllowed:
    role = least_role(RIGHT_OF_TOOL[tool])
    return NotAllowed(f"{TITLES[tool]} needs the role `{role}`.", remedy="Ask an admin for it.")


def _cookie(request: Request, name: str, address: str) -> str:
    return request.cookies.get(cookies.full_name(name, is_https=_is_https(address)), "")


def _put_cookie(answer: Response, name: str, value: str, address: str) -> None:
    is_https = _is_https(address)
    full = cookies.full_name(name, is_https=is_https)
    answer.set_cookie(full, value, path="/", secure=is_https, httponly=True, samesite="lax")


def _is_https(address: str) -> bool:
    return address.startswith("https:")


def _quoted(name: str) -> str:
    """Return a user's name as quoted-printable, for a header."""
    return "".join(
        chr(byte) if byte in _PLAIN else f"={byte:02X}" for byte in name.encode("utf-8", "replace")
    )
