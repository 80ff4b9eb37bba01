"""Migration of the tables to this version's schema."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from opinionlens.storage.database import Database
from opinionlens.storage.database_urls import parse_url, shown
from opinionlens.storage.errors import SchemaUnsupported, StorageFault, StorageUnavailable
from opinionlens.storage.faults import trouble_of
from opinionlens.storage.sqlite_file import SqliteFile

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parent / "migrations"
# The last of the scripts; a test compares the two. Written here so that a look costs no import of Alembic.
HEAD = "0007"

# Another process may be migrating; it holds the lock for as long as its changes take.
_LOCK_SECONDS = 60.0
# A change of a table with millions of rows copies it.
_LIMIT_SECONDS = 600.0
# Alembic keeps the connection in a place of the process: of two threads one would use the other's, and crash.
_TURN = threading.Lock()
# Any number that nothing else takes in the same database: the first seven digits of sha256("opinionlens").
_LOCK_NUMBER = 0x6FF5CEF


def is_current(database: Database) -> bool:
    """Tell whether the tables have this version's schema.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    if database.file is not None and not database.file.path.exists():
        return False
    with database.reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return bool(connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD)


def migrate(url: str, *, revision: str = "head", wait_seconds: float = _LOCK_SECONDS) -> None:
    """Bring the tables to a revision, all or nothing.

    Nothing changes where that is done already. Processes that start at once take turns, as do threads, and
    all but the first find nothing to do. The folder of a SQLite file is made when it is missing.

    Raises:
        SettingsInvalid: the URL is of no kind that is supported.
        StorageUnavailable: the database does not answer; nothing was changed.
        SchemaUnsupported: the tables were made by a newer version of OpinionLens.
    """
    with _migrating(url, wait_seconds) as (connection, config):
        from alembic import command

        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(url: str, revision: str, *, wait_seconds: float = _LOCK_SECONDS) -> None:
    """Take the tables back to an earlier `revision`.

    Data in dropped tables and columns is lost; `base` drops every table.

    Raises:
        SettingsInvalid: the URL is of no kind that is supported.
        StorageUnavailable: the database does not answer; nothing was changed.
        SchemaUnsupported: the tables were made by a newer version of OpinionLens.
    """
    with _migrating(url, wait_seconds) as (connection, config):
        from alembic import command

        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def alembic_config() -> Config:
    """Return Alembic's configuration: the folder of the scripts."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


@contextlib.contextmanager
def _migrating(url: str, wait_seconds: float) -> Iterator[tuple[Connection, Config]]:
    from alembic.util.exc import CommandError

    database = Database(url, wait_seconds=wait_seconds, limit_seconds=_LIMIT_SECONDS, pool_size=1)
    with closing(database), _turn(url, wait_seconds):
        if database.file is not None:
            _prepare_file(database.file, wait_seconds)
        try:
            with database.writing() as connection:
                if not database.is_sqlite:  # SQLite's write lock, which we hold, is all that is needed
                    connection.execute(
                        text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER}
                    )
                yield connection, alembic_config()
        except CommandError as error:
            raise SchemaUnsupported(
                "The database's tables were made by another version of OpinionLens.",
                where=shown(parse_url(url)),
                remedy="Start the version that made them, or restore a backup of before.",
            ) from error


@contextlib.contextmanager
def _turn(url: str, wait_seconds: float) -> Iterator[None]:
    """Wait until no other thread of this process migrates."""
    if not _TURN.acquire(timeout=wait_seconds):
        raise StorageUnavailable(
            f"Another thread has been migrating a database for longer than {wait_seconds:g} s.",
            where=shown(parse_url(url)),
            remedy="Try again when it is done.",
        )
    try:
        yield
    finally:
        _TURN.release()


def _prepare_file(file: SqliteFile, wait_seconds: float) -> None:
    import sqlite3

    try:
        file.create(wait_seconds)
    except (OSError, sqlite3.Error) as error:
        trouble = trouble_of(error) if isinstance(error, sqlite3.Error) else None
        raise StorageFault(
            trouble.what if trouble else "The database's file cannot be made.",
            where=str(file.path),
            remedy=trouble.remedy if trouble else "Check the folder's rights and the disk.",
        ) from error
