"""The one way to the database: connections, transactions, and what their failures mean."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from opinionlens.storage.addresses import parse_url, shown
from opinionlens.storage.errors import StorageUnavailable

# Long enough for a server across an ocean, short enough that a request is answered 503 while somebody waits.
_CONNECT_SECONDS = 3
# What has been sent and is not acknowledged by then was sent to a dead machine.
_UNACKNOWLEDGED_SECONDS = 10

_WRITES = "opinionlens_writes"
_UNDEFINED = ("42P01", "42703")  # PostgreSQL's codes for a table and a column that are not there


class _DBAPIConnection(Protocol):
    def cursor(self) -> Any: ...  # noqa: ANN401 - the two drivers share no type

    def commit(self) -> None: ...


class Database:
    """A pool of connections. Creating one opens none; it is safe among threads, but not across a fork."""

    def __init__(self, url: str, *, wait_seconds: float = 5.0, pool_size: int = 5) -> None:
        """Remember where the database is.

        Args:
            url: a SQLite file or a PostgreSQL database, as `DATABASE__URL` names it.
            wait_seconds: how long to wait for a lock or for a connection of the pool to become free.
            pool_size: connections that are kept open; as many again are opened when they are needed.

        Raises:
            SettingsInvalid: the URL is of no kind that is supported.
        """
        self.url: URL = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = _create_engine(self.url, wait_seconds, pool_size)

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a transaction that sees one state of the database.

        Raises:
            StorageUnavailable: on entering, within or on leaving the block, the database did not answer.
        """
        return self._transaction(writes=False)

    def writing(self) -> AbstractContextManager[Connection]:
        """Return a transaction that is committed when the block ends, and undone when it raises.

        Raises:
            StorageUnavailable: nothing of the block was stored, or the answer to the commit was lost.
        """
        return self._transaction(writes=True)

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StorageUnavailable: there was none.
        """
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close the connections that are not in use; the next call would open new ones."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                connection.execution_options(**{_WRITES: writes})
                with connection.begin():
                    yield connection
        except (DBAPIError, PoolTimeoutError) as error:
            if not _says_unavailable(error):
                raise
            raise StorageUnavailable(
                "The database does not answer as it should.",
                where=shown(self.url),
                remedy="Try again in a moment.",
            ) from error


def _says_unavailable(error: DBAPIError | PoolTimeoutError) -> bool:
    """Tell the database's troubles (down, locked, full, without tables) from what we asked of it."""
    if isinstance(error, ProgrammingError):
        return getattr(error.orig, "sqlstate", None) in _UNDEFINED
    return not isinstance(error, IntegrityError | DataError)


def _create_engine(url: URL, wait_seconds: float, pool_size: int) -> Engine:
    # Parameters are hidden because errors are logged, and parameters are users' texts and hashes.
    shared: dict[str, Any] = {
        "hide_parameters": True,
        "pool_size": pool_size,
        "max_overflow": pool_size,
        "pool_timeout": wait_seconds,
    }
    if url.get_backend_name() == "sqlite":
        # isolation_level=None leaves BEGIN to us, see _begin_sqlite.
        engine = create_engine(url, **shared, connect_args={"isolation_level": None, "timeout": wait_seconds})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    arguments = {
        "connect_timeout": _CONNECT_SECONDS,
        "tcp_user_timeout": _UNACKNOWLEDGED_SECONDS * 1000,
        "keepalives_idle": _UNACKNOWLEDGED_SECONDS,
        "application_name": "opinionlens",
    }
    wanted = {name: value for name, value in arguments.items() if name not in url.query}
    # pre_ping: a connection that died while it lay in the pool is replaced without anybody noticing.
    engine = create_engine(url, **shared, pool_pre_ping=True, connect_args=wanted)
    lock_milliseconds = math.ceil(wait_seconds * 1000)

    def prepare(connection: _DBAPIConnection, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {lock_milliseconds:d}")
        connection.commit()  # or the pool's rollback would take it back

    event.listen(engine, "connect", prepare)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # In WAL mode NORMAL could lose what was acknowledged when the power fails.
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock first: a reader that turns writer is refused at once where it should wait."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
