"""Choice of the connections that stay open when too many.

Decides only; closing is left to the connections. A new connection is accepted, and the one that has waited
longest for its client is closed: a client that sends its request at once is answered, however many others
hold connections open without sending. Connections whose requests are being worked on stay; where there are
only those, the new one is refused.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from opinionlens.web.http.client_address import counted_as


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Maximum number of open connections of one process.

    Attributes:
        total: from all addresses together.
        per_address: from one address, or one network of IPv6; proxies are not limited by it.
        trusted_proxies: addresses and networks with commas, as uvicorn reads them; `*`: all.
    """

    total: int
    per_address: int
    trusted_proxies: str


class Connection(Protocol):
    """Properties of a connection that the choice depends on."""

    @property
    def address(self) -> str:
        """The client's address."""

    @property
    def waits_for_client_since(self) -> float | None:
        """Time since when only the client can act, or None."""


C = TypeVar("C", bound=Connection)


class OpenConnections(Generic[C]):
    """The open connections of one process."""

    def __init__(self, limits: ConnectionLimits) -> None:
        """Start with no connections."""
        self._limits = limits
        self._by_address: dict[str, set[C]] = {}
        # The very check by which uvicorn decides whose `X-Forwarded-For` counts.
        self._proxies = ProxyHeadersMiddleware(_no_app, trusted_hosts=limits.trusted_proxies).trusted_hosts

    def every(self) -> list[C]:
        """Return all open connections."""
        return [connection for some in self._by_address.values() for connection in some]

    def add(self, connection: C) -> None:
        """Add a connection."""
        self._by_address.setdefault(counted_as(connection.address), set()).add(connection)

    def remove(self, connection: C) -> None:
        """Forget a connection, if it is known."""
        address = counted_as(connection.address)
        some = self._by_address.get(address, set())
        some.discard(connection)
        if not some:
            self._by_address.pop(address, None)

    def has_room_for(self, connection: C) -> bool:
        """Tell whether one more connection fits."""
        return self._crowd_of(connection) is None

    def to_close_for(self, connection: C) -> C | None:
        """Return the connection to close for a new one.

        None when all of them are being worked on.
        """
        waiting = [
            (since, other)
            for other in self._crowd_of(connection) or ()
            if (since := other.waits_for_client_since) is not None
        ]
        return min(waiting, key=lambda pair: pair[0])[1] if waiting else None

    def _crowd_of(self, connection: C) -> Collection[C] | None:
        """Return the connections of the limit that is reached.

        None when it exceeds none.
        """
        limits = self._limits
        own = self._by_address.get(counted_as(connection.address), set())
        if len(own) >= limits.per_address and connection.address not in self._proxies:
            return own
        return self.every() if sum(map(len, self._by_address.values())) >= limits.total else None


async def _no_app(*_: object) -> None:
    """Stand in for an app."""
