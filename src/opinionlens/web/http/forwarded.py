"""Requests to other hosts that the reverse proxy asks about.

The proxy describes them in headers. They say where to go back to and how a browser sent the request; which
program it is for, and its address, come from the settings alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NEEDED = ("x-forwarded-method", "x-forwarded-host", "x-forwarded-uri")


@dataclass(frozen=True, slots=True)
class ForwardedRequest:
    """A request to a tool's host.

    Attributes:
        method: its method.
        host: the host that it was sent to, with the port unless that is the usual one.
        uri: path and query.
        headers: those that it came with.
    """

    method: str
    host: str
    uri: str
    headers: Headers

    @property
    def path(self) -> str:
        """The path alone."""
        return self.uri.partition("?")[0]

    @property
    def query(self) -> str:
        """The part after the question mark."""
        return self.uri.partition("?")[2]

    @property
    def is_navigation(self) -> bool:
        """Whether a person opens a page in a window."""
        if self.method != "GET" or self._is_websocket:
            return False
        mode = self.headers.get("sec-fetch-mode")
        if mode is None:  # an older browser, or http
            return "text/html" in self.headers.get("accept", "")
        return mode == "navigate" and self.headers.get("sec-fetch-dest", "document") == "document"

    def is_from(self, origin: str) -> bool:
        """Tell whether pages of `origin`, or a person, sent this.

        A page of another host of the site may not act here in a person's name, though browsers send it the
        cookie.
        """
        site = self.headers.get("sec-fetch-site")
        changes = self.method not in _SAFE_METHODS or self._is_websocket
        if not changes:
            return self.is_navigation or site in (None, "same-origin", "none")
        if site is not None and not self._is_websocket:
            return site == "same-origin"
        return self.headers.get("origin") == origin

    @property
    def _is_websocket(self) -> bool:
        return self.headers.get("upgrade", "").lower() == "websocket"


def forwarded_request(headers: Headers) -> ForwardedRequest:
    """Return the request that the proxy asks about.

    Raises:
        HTTPException: a header is missing or there twice, as only something else than the proxy sends it.
    """
    values = [headers.getlist(name) for name in _NEEDED]
    if any(len(found) != 1 for found in values):
        raise HTTPException(400, "Only a reverse proxy asks here, with X-Forwarded-Method, -Host and -Uri.")
    method, host, uri = (found[0] for found in values)
    return ForwardedRequest(method, host.lower(), uri, headers)


def is_host_of(host: str, address: str) -> bool:
    """Tell whether a `Host` header belongs to an address."""
    parts = urlsplit(address)
    usual = {"http": 80, "https": 443}[parts.scheme]
    names = {parts.netloc, f"{parts.hostname}:{parts.port or usual}"}
    return host in names | ({parts.hostname or ""} if parts.port in (None, usual) else set())


def without_cookies(headers: Headers, names: frozenset[str]) -> str:
    """Return the `Cookie` header without some cookies."""
    pairs = (pair.strip() for line in headers.getlist("cookie") for pair in line.split(";"))
    return "; ".join(pair for pair in pairs if pair and pair.partition("=")[0].strip() not in names)
