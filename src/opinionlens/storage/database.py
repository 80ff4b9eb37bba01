"""Connections, transactions and their failures.

All access to the database goes through here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from opinionlens.storage import faults
from opinionlens.storage.database_urls import SETTING, parse_url, shown
from opinionlens.storage.deadlines import within
from opinionlens.storage.errors import StorageFault, StorageUnavailable
from opinionlens.storage.faults import Trouble, trouble_of
from opinionlens.storage.sqlite_file import FileConnection, SqliteFile

# Long enough for a server across an ocean, short enough for a 503 while the sender still waits.
_CONNECT_SECONDS = 3
# For a connection of the pool to show that it lives, and for another one in its place.
_CHECKOUT_SECONDS = 4.0
# Data that is not acknowledged by then was sent to a dead machine.
_UNACKNOWLEDGED_SECONDS = 10
# After this time the server undoes a transaction in which nothing happens: our process may be stopped.
_ABANDONED_SECONDS = 60

# Pages of 4 KiB that are given back in one transaction.
_PAGES_AT_ONCE = 2_000
_INCREMENTAL = 2

_WRITES = "opinionlens_writes"


class _DBAPIConnection(Protocol):
    def cursor(self) -> Any: ...  # noqa: ANN401 - the two drivers share no type

    def commit(self) -> None: ...


class Database:
    """A pool of database connections.

    Creating one opens no connection. It is safe among threads, but not across a fork.
    """

    def __init__(
        self,
        url: str,
        *,
        wait_seconds: float = 5.0,
        limit_seconds: float = 8.0,
        pool_size: int = 5,
        is_foreign: bool = False,
        setting: str = SETTING,
    ) -> None:
        """Remember where the database is.

        Args:
            url: a SQLite file or a PostgreSQL database, as `DATABASE__URL` names it.
            wait_seconds: how long to wait for a lock or for a connection of the pool to become free.
            limit_seconds: how long a transaction may take, also where the server is silent.
            pool_size: connections that are kept open; as many again are opened when they are needed.
            is_foreign: whether it belongs to another program: the mode of its file is left alone.
            setting: the name of the setting with the URL, for messages.

        Raises:
            SettingsInvalid: the URL is of no kind that is supported.
        """
        self.url: URL = parse_url(url, setting)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        path = Path(str(self.url.database))
        self.file = SqliteFile(path, is_foreign=is_foreign) if self.is_sqlite else None
        self._limit_seconds = limit_seconds
        self._was_open = False
        # Parameters are hidden because errors are logged, and parameters are users' texts and hashes.
        shared = {
            "hide_parameters": True,
            "pool_size": pool_size,
            "max_overflow": pool_size,
            "pool_timeout": wait_seconds,
        }
        if self.file is not None:
            self._engine = _sqlite_engine(self.url, self.file, wait_seconds, shared)
        else:
            self._engine = _postgres_engine(self.url, wait_seconds, limit_seconds, shared)

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a transaction that sees one state of the database.

        Raises:
            StorageUnavailable: on entering, within or on leaving the block, the database did not answer.
            StorageFault: nor will it before a person mends it.
        """
        return self._transaction(writes=False)

    def writing(self) -> AbstractContextManager[Connection]:
        """Return a transaction, committed when the block ends.

        It is undone when the block raises.

        Raises:
            StorageUnavailable: nothing of the block was stored, or the answer to the commit was lost.
            StorageFault: nothing was stored, nor will it be before a person mends the database.
        """
        return self._transaction(writes=True)

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StorageUnavailable: there was none.
        """
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def check_writable(self) -> None:
        """Find out whether the database takes changes; change nothing.

        Raises:
            StorageUnavailable: it does not.
        """
        with self.writing() as connection:  # to begin is not enough: SQLite lets a reader do that
            connection.execute(text("DELETE FROM alembic_version WHERE 1 = 0"))

    def check_tables(self) -> None:
        """Read one full row of every table.

        Raises:
            StorageFault: a table or a column is not there.
            StorageUnavailable: the database does not answer.
        """
        from opinionlens.storage.tables import metadata

        with self.reading() as connection:
            for table in metadata.sorted_tables:
                connection.execute(table.select().limit(1))

    def give_space_back(self) -> int:
        """Give an SQLite file's free pages back; return their number.

        Other databases do that themselves. A file that was made by a version before this one keeps its pages,
        for new rows.

        Raises:
            StorageUnavailable: the file cannot be written; the next call goes on.
        """
        given = 0
        while self.file is not None:
            with self.writing() as connection:
                free = connection.scalar(text("PRAGMA freelist_count")) or 0
                if not free or connection.scalar(text("PRAGMA auto_vacuum")) != _INCREMENTAL:
                    break
                raw = cast(FileConnection, connection.connection.dbapi_connection)
                # One page for each row that is fetched, and the rows have no columns.
                raw.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE:d})").fetchall()
            given += min(free, _PAGES_AT_ONCE)
        return given

    @property
    def was_open(self) -> bool:
        """Whether this database has had a connection already."""
        return self._was_open

    def close(self) -> None:
        """Close unused connections; the next call opens new ones."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        try:
            with within(_CHECKOUT_SECONDS):
                connection = self._engine.connect()
            self._was_open = True
            with connection, within(self._limit_seconds):
                connection.execution_options(**{_WRITES: writes})
                with connection.begin():
                    yield connection
                if writes:
                    self._check_file_stayed(connection)
        except (DBAPIError, PoolTimeoutError) as error:
            trouble = self._trouble_of(error)
            if trouble is None:
                raise
            raise _as_error(trouble, self.url) from error

    def _check_file_stayed(self, connection: Connection) -> None:
        """Acknowledge nothing that went into a file that is gone."""
        if self.file is None:
            return
        opened = cast(FileConnection, connection.connection.dbapi_connection)
        if not self.file.holds(opened):
            raise _as_error(faults.MOVED, self.url)

    def _trouble_of(self, error: DBAPIError | PoolTimeoutError) -> Trouble | None:
        if isinstance(error, PoolTimeoutError):
            return faults.IN_USE
        trouble = trouble_of(error.orig)
        if trouble is not None and self.file is not None and not self.file.path.exists():
            return faults.GONE if self._was_open else faults.NOT_YET
        return trouble


def _as_error(trouble: Trouble, url: URL) -> StorageUnavailable:
    kind = StorageFault if trouble.lasts else StorageUnavailable
    return kind(trouble.what, where=shown(url), remedy=trouble.remedy)


def _sqlite_engine(url: URL, file: SqliteFile, wait_seconds: float, shared: dict[str, Any]) -> Engine:
    # isolation_level=None leaves BEGIN to us, see _begin_sqlite.
    engine = create_engine(url, **shared, connect_args={"isolation_level": None, "timeout": wait_seconds})

    def connect(_: Dialect, __: object, ___: object, arguments: dict[str, Any]) -> FileConnection:
        return file.connect(**arguments)

    def check_file(connection: FileConnection, _: object, __: object) -> None:
        if not file.holds(connection):
            raise InvalidatePoolError("the file was removed or replaced")

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", check_file)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction, with the write lock if it writes.

    SQLite refuses a reader that becomes a writer at once, where it should wait.
    """
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres_engine(url: URL, wait_seconds: float, limit_seconds: float, shared: dict[str, Any]) -> Engine:
    arguments = {
        "connect_timeout": _CONNECT_SECONDS,
        "tcp_user_timeout": _UNACKNOWLEDGED_SECONDS * 1000,
        "keepalives_idle": _UNACKNOWLEDGED_SECONDS,
        "application_name": "opinionlens",
    }
    wanted = {name: value for name, value in arguments.items() if name not in url.query}
    # pre_ping: a connection that died while it lay in the pool is replaced silently.
    engine = create_engine(url, **shared, pool_pre_ping=True, connect_args=wanted)
    # The client's own limit holds in any case; these free the server of abandoned work.
    limits = {
        "lock_timeout": wait_seconds,
        "statement_timeout": limit_seconds,
        "idle_in_transaction_session_timeout": max(_ABANDONED_SECONDS, limit_seconds),
    }
    commands = "; ".join(f"SET {name} = {math.ceil(seconds * 1000):d}" for name, seconds in limits.items())

    def connect(_: Dialect, __: object, parts: tuple[Any, ...], arguments: dict[str, Any]) -> object:
        from opinionlens.storage.limited_psycopg import LimitedConnection

        return LimitedConnection.connect(*parts, **arguments)

    def prepare(connection: _DBAPIConnection, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(commands)
        connection.commit()  # or the pool's rollback would take it back

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", prepare)
    return engine
