import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select

from opinionlens.storage import Database, login_attempts
from opinionlens.storage.login_attempts import Attempts
from opinionlens.storage.tables import login_attempts as table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR_AGO = NOON - timedelta(hours=1)


def attempt(database, name, address, at=NOON):
    return login_attempts.record(database, name, address, since=HOUR_AGO, at=at)


def test_attempts_are_counted_by_name_address_and_both(database):
    assert attempt(database, "ann", "10.0.0.1") == Attempts(1, 1, 1)
    assert attempt(database, "ann", "10.0.0.2") == Attempts(2, 1, 1)
    assert attempt(database, "bob", "10.0.0.1") == Attempts(1, 2, 1)
    assert attempt(database, " ANN", "10.0.0.1") == Attempts(3, 3, 2)


def test_old_attempts_do_not_count(database):
    attempt(database, "ann", "10.0.0.1", at=HOUR_AGO - timedelta(seconds=1))
    attempt(database, "ann", "10.0.0.1", at=HOUR_AGO)
    assert attempt(database, "ann", "10.0.0.1") == Attempts(2, 2, 2)


def test_success_forgives_what_came_from_the_same_address_on_the_same_name(database):
    for name, address in (("ann", "1"), ("ann", "2"), ("bob", "1")):
        attempt(database, name, address)
    login_attempts.forgive(database, "Ann", "1")
    assert attempt(database, "ann", "1") == Attempts(2, 2, 1)


def test_what_was_typed_as_a_name_is_not_kept(database):
    attempt(database, "my secret password", "10.0.0.1")
    attempt(database, "\ud800\0", "10.0.0.1")
    with database.reading() as connection:
        assert "secret" not in str(connection.execute(select(table)).all())


def test_old_attempts_are_deleted(database):
    attempt(database, "ann", "1", at=HOUR_AGO)
    attempt(database, "ann", "1")
    assert login_attempts.delete_before(database, NOON) == 1
    assert attempt(database, "ann", "1") == Attempts(2, 2, 2)


def test_of_attempts_at_the_same_moment_the_last_sees_all(url, database):
    together = threading.Barrier(5)
    seen = []

    def act():
        with closing(Database(url, wait_seconds=20)) as own:
            own.ping()
            together.wait(20)
            seen.append(attempt(own, "ann", "1").on_account)

    threads = [threading.Thread(target=act) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # However they interleave, whoever is the n-th to commit sees at least n.
    assert max(seen) == 5
    assert all(sum(count <= limit for count in seen) <= limit for limit in range(1, 6))


def rows(database):
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_what_is_refused_is_not_kept(database):
    def refuse(attempts):
        return attempts.from_address > 5

    for _ in range(20):
        last = login_attempts.record(database, "ann", "1", since=HOUR_AGO, refuses=refuse, at=NOON)
    assert last == Attempts(6, 6, 6)
    assert rows(database) == 5


def fill(database, count, **changes):
    values = {"created_at": NOON, "account_hash": "a" * 64, "address": "10.0.0.1"} | changes
    with database.writing() as connection:
        for start in range(0, count, 1_000):
            some = [values for _ in range(min(1_000, count - start))]
            connection.execute(insert(table), some)


def test_rows_of_before_go_faster_than_they_come(database):
    fill(database, 250, created_at=HOUR_AGO - timedelta(seconds=1))
    for _ in range(3):
        attempt(database, "ann", "1")
    assert rows(database) == 3


def test_there_are_never_more_than_20_000(database):
    fill(database, 20_500)
    attempt(database, "ann", "1")
    assert rows(database) == 20_000


def test_a_refusal_costs_the_same_however_many_rows_there_are(database):
    """By the rows that are looked at: SQLite's and PostgreSQL's processor time would tell less."""
    account = login_attempts.account_hash("ann")
    fill(database, 20_000, account_hash=account)
    assert attempt(database, "ann", "10.0.0.1") == Attempts(101, 101, 1 + 100)
    if not database.is_sqlite:
        return
    with database.reading() as connection:
        steps = []
        raw = connection.connection.dbapi_connection
        raw.set_progress_handler(lambda: steps.append(1), 100)  # once in 100 instructions
        login_attempts._counted(connection, account, "10.0.0.1", HOUR_AGO)
        raw.set_progress_handler(None, 0)
    assert len(steps) < 100
