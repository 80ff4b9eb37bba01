"""Check of the host name in requests.

An attacker may let a name of their own lead to this server.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from opinionlens.web.http.problem_json import problem

# Machines that probe and measure know an address, not a name, and what they get is no secret.
_ANY_NAME = frozenset({"/health", "/ready", "/metrics", "/api/v1/metrics"})
_MOST_KEPT = 100
# RFC 9110: a name or an address, and a port. What else stands there (`localhost:80@elsewhere`) is no name.
_HOST = re.compile(r"(?P<name>[a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{0,5})?", re.ASCII)
_DETAIL = (
    "The app does not answer under this name. The setting SECURITY__TRUSTED_HOSTS lists those that it does; "
    "add this one if it is yours."
)


class HostNames:
    """The host names that the app answers under.

    For nearly all requests one look into a set.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        """Take the patterns of trusted names.

        A pattern is a name in lower case, or `*.name` for all names below it.
        """
        self._names = frozenset(pattern for pattern in patterns if not pattern.startswith("*."))
        self._endings = tuple(pattern[1:] for pattern in patterns if pattern.startswith("*."))
        self._trusted: set[bytes] = set()  # headers as they came, so that most need no taking apart

    def trusts(self, given: bytes) -> bool:
        """Tell whether a `Host` header names one of them."""
        return given in self._trusted or self._learns_to_trust(given)

    def _learns_to_trust(self, given: bytes) -> bool:
        name = name_of(given.decode("latin-1"))
        trusts = name in self._names or name.endswith(self._endings)
        if trusts and len(self._trusted) < _MOST_KEPT:
            self._trusted.add(given)
        return trusts


class TrustedHosts(HostNames):
    """Middleware that refuses requests to other host names."""

    def __init__(self, app: ASGIApp, patterns: Sequence[str]) -> None:
        """Wrap `app` with the patterns of trusted names."""
        super().__init__(patterns)
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if (
            scope["type"] not in ("http", "websocket")
            or scope["path"] in _ANY_NAME
            or self._is_trusted(scope)
        ):
            await self.app(scope, receive, send)
            return
        await problem(400, "host_not_trusted", "HostNotTrusted", _DETAIL)(scope, receive, send)

    def _is_trusted(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"host"]
        # Programs differ in which of several they believe.
        return len(given) == 1 and self.trusts(given[0])


def name_of(host: str) -> str:
    """Return the name in a `Host` header in lower case.

    Port and final dot are left out; "" if the header holds no name.
    """
    found = _HOST.fullmatch(host.lower())
    return found["name"].removesuffix(".") if found else ""
