"""Which connections may stay open when there are too many. Decides; closing is left to the connections.

A new connection is let in, and the one that has waited longest for its client is closed instead: a client
that sends what it has to say at once is answered, however many hold connections open and say nothing.
Connections whose requests are being worked on stay; where there are only those, the new one is refused.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from opinionlens.web.http.client_address import counted_as


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections one process holds open.

    Attributes:
        total: from all addresses together.
        per_address: from one address, or one network of IPv6; proxies are not limited by it.
        trusted_proxies: addresses and networks with commas, as uvicorn reads them; `*`: all.
    """

    total: int
    per_address: int
    trusted_proxies: str


class Connection(Protocol):
    """What is asked of a connection."""

    @property
    def address(self) -> str:
        """Where it comes from."""

    @property
    def waits_for_client_since(self) -> float | None:
        """Since when nothing can be done before the client does something; None while something can."""


C = TypeVar("C", bound=Connection)


class OpenConnections(Generic[C]):
    """The open connections of one process."""

    def __init__(self, limits: ConnectionLimits) -> None:
        """Begin with none."""
        self._limits = limits
        self._by_address: dict[str, set[C]] = {}
        # The very check by which uvicorn decides whose `X-Forwarded-For` counts.
        self._proxies = ProxyHeadersMiddleware(_no_app, trusted_hosts=limits.trusted_proxies).trusted_hosts

    def every(self) -> list[C]:
        """Return all of them."""
        return [connection for some in self._by_address.values() for connection in some]

    def add(self, connection: C) -> None:
        """Take one in."""
        self._by_address.setdefault(counted_as(connection.address), set()).add(connection)

    def remove(self, connection: C) -> None:
        """Forget one, if it is here."""
        address = counted_as(connection.address)
        some = self._by_address.get(address, set())
        some.discard(connection)
        if not some:
            self._by_address.pop(address, None)

    def has_room_for(self, connection: C) -> bool:
        """Tell whether one more fits."""
        return self._crowd_of(connection) is None

    def to_close_for(self, connection: C) -> C | None:
        """Return which one makes room for a new one, where there is none; None when all are worked on."""
        waiting = [
            (since, other)
            for other in self._crowd_of(connection) or ()
            if (since := other.waits_for_client_since) is not None
        ]
        return min(waiting, key=lambda pair: pair[0])[1] if waiting else None

    def _crowd_of(self, connection: C) -> Collection[C] | None:
        """Return those among which a new one would be one too many."""
        limits = self._limits
        own = self._by_address.get(counted_as(connection.address), set())
        if len(own) >= limits.per_address and connection.address not in self._proxies:
            return own
        return self.every() if sum(map(len, self._by_address.values())) >= limits.total else None


async def _no_app(*_: object) -> None:
    """Stand in for an app."""
