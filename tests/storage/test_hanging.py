"""A database that neither answers nor closes its connections: every call ends, with the same words."""

import sqlite3
import threading
import time
from contextlib import closing

import pytest
from sqlalchemy import text
from tests.support.waiting import wait_until

from opinionlens.storage import Database, StorageUnavailable, feedback
from opinionlens.storage.migrating import is_current
from opinionlens.text.labels import Label

# Far more than any limit that these tests set, far less than the two hours after which TCP gives up.
LONG = 60
ACTIVE = "SELECT count(*) FROM pg_stat_activity WHERE query = :query AND state = 'active'"


def ends(call) -> float:
    """Seconds until the call is refused."""
    started = time.monotonic()
    with pytest.raises(StorageUnavailable) as caught:
        call()
    assert caught.value.status == 503
    return time.monotonic() - started


def test_a_stopped_server_is_unavailable_whatever_is_asked(postgres, migrated_postgres_url):
    def give(database):
        feedback.add(database, label=Label.NEUTRAL, source="page", text="hello")

    with closing(Database(migrated_postgres_url, limit_seconds=1)) as database:
        database.ping()  # so that one open connection is in the pool
        with postgres.stopped():
            for call in (database.ping, lambda: give(database), lambda: is_current(database)):
                assert ends(call) < LONG
        give(database)


def test_a_server_that_stops_in_the_middle_of_a_transaction_ends_it(postgres, migrated_postgres_url):
    with closing(Database(migrated_postgres_url, limit_seconds=1)) as database:

        def write():
            with database.writing() as connection:
                connection.execute(text("DELETE FROM drift_data"))
                stop.__enter__()
                connection.execute(text("SELECT 1"))

        stop = postgres.stopped()
        try:
            assert ends(write) < LONG
            database.close()  # says goodbye to a server that does not listen
        finally:
            stop.__exit__(None, None, None)
        database.ping()


def test_a_commit_that_is_not_answered_ends(postgres, migrated_postgres_url):
    with closing(Database(migrated_postgres_url, limit_seconds=1)) as database:
        stop = postgres.stopped()

        def write():
            with database.writing() as connection:
                connection.execute(text("DELETE FROM drift_data"))
                stop.__enter__()

        try:
            assert ends(write) < LONG
        finally:
            stop.__exit__(None, None, None)


def test_a_slow_query_ends_on_the_server_too(postgres, migrated_postgres_url):
    with (
        closing(Database(migrated_postgres_url, limit_seconds=0.5)) as database,
        closing(Database(migrated_postgres_url)) as other,
    ):

        def sleep():
            with database.reading() as connection:
                connection.execute(text("SELECT pg_sleep(600)"))

        assert ends(sleep) < LONG

        def is_gone():
            with other.reading() as connection:
                return not connection.scalar(text(ACTIVE), {"query": "SELECT pg_sleep(600)"})

        wait_until(is_gone, LONG)


def test_the_server_lets_go_of_what_a_stopped_client_holds(postgres, migrated_postgres_url):
    with closing(Database(migrated_postgres_url)) as database, database.reading() as connection:
        assert connection.scalar(text("SHOW idle_in_transaction_session_timeout")) == "1min"
        assert connection.scalar(text("SHOW statement_timeout")) == "8s"
        assert connection.scalar(text("SHOW lock_timeout")) == "5s"


def test_a_query_of_sqlite_that_does_not_end_is_ended(tmp_path, migrated_sqlite_file):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with closing(Database(f"sqlite:///{migrated_sqlite_file}", limit_seconds=0.2)) as database:

        def count():
            with database.reading() as connection:
                connection.execute(text(endless))

        assert ends(count) < LONG
        database.ping()


def test_a_locked_file_holds_up_writers_for_as_long_as_said_and_readers_not_at_all(
    tmp_path, migrated_sqlite_file
):
    path = tmp_path / "locked.db"
    path.write_bytes(migrated_sqlite_file.read_bytes())
    with closing(Database(f"sqlite:///{path}", wait_seconds=0.2)) as database:
        feedback.add(database, label=Label.NEUTRAL, source="page", text="hello")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            assert feedback.newest(database).total == 1
            assert (
                ends(lambda: feedback.add(database, label=Label.NEUTRAL, source="page", text="hello")) < LONG
            )
            assert feedback.newest(database).total == 1


def test_a_deadline_is_that_of_one_thread(migrated_postgres_url, postgres):
    """A migration in one thread must not lend its time to a request in another, nor the other way."""
    with (
        closing(Database(migrated_postgres_url, limit_seconds=0.2)) as short,
        closing(Database(migrated_postgres_url, limit_seconds=LONG)) as long,
    ):
        done = []

        def wait_long():
            with long.reading() as connection:
                done.append(connection.scalar(text("SELECT 1 FROM pg_sleep(1)")))

        thread = threading.Thread(target=wait_long)
        thread.start()

        def wait_short():
            with short.reading() as connection:
                connection.execute(text("SELECT pg_sleep(1)"))

        ends(wait_short)
        thread.join(LONG)
        assert done == [1]
