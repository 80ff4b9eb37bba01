"""A PostgreSQL connection with a limit on every wait.

A server that is stopped (SIGSTOP, a frozen virtual machine) still acknowledges packets, so that neither
`statement_timeout` nor `tcp_user_timeout` ends the wait. Only the client can.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

from opinionlens.storage.deadlines import remaining

T = TypeVar("T")


class LimitedConnection(psycopg.Connection[Any]):
    """A connection that is closed when its thread's deadline passes."""

    def wait(self, gen: PQGen[T], *args: Any, **kwargs: Any) -> T:  # noqa: ANN401 - passed on as they are
        """Wait for the server; every command comes through here.

        Raises:
            psycopg.OperationalError: the deadline has passed; the connection is of no more use.
        """
        seconds = remaining()
        if math.isinf(seconds):
            return super().wait(gen, *args, **kwargs)
        try:
            return super().wait(gen, *args, **{**kwargs, "timeout": max(0.0, seconds)})
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError("the server did not answer in time") from None
