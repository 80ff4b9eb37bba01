"""HTTP connections that another thread can end.

A read of a socket is limited in its pauses only: a server that sends byte by byte keeps its reader for years.
Imports `requests`.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import Retry

OnWaiting = Callable[[socket.socket], None]


class EndableAdapter(HTTPAdapter):
    """Tells of each socket from which an answer is awaited."""

    def __init__(self, on_waiting: OnWaiting, *, max_retries: Retry) -> None:
        """Connect nothing yet.

        Args:
            on_waiting: Called by the thread that asks; may raise.
            max_retries: How often a request is tried again.
        """
        self._pools = _pools(on_waiting)
        super().__init__(max_retries=max_retries)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - those of the library
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:  # noqa: ANN401 - those of the library
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):  # it has connections of its own kind
            manager.pool_classes_by_scheme = self._pools
        return manager


def end(waiting_for: socket.socket) -> None:
    """Let the reader of a socket go on at once."""
    with suppress(OSError, ValueError):  # it has just been closed
        waiting_for.shutdown(socket.SHUT_RDWR)


def _pools(on_waiting: OnWaiting) -> dict[str, Any]:
    # Their answers are of the library's own type, as those of the classes that they extend.
    class PlainConnection(HTTPConnection):
        def getresponse(self) -> HTTPResponse:  # type: ignore[override]
            if self.sock is not None:
                on_waiting(self.sock)
            return super().getresponse()

    class TlsConnection(HTTPSConnection):
        def getresponse(self) -> HTTPResponse:  # type: ignore[override]
            if self.sock is not None:
                on_waiting(self.sock)
            return super().getresponse()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    return {"http": PlainPool, "https": TlsPool}
