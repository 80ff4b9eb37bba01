import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from opinionlens.base.errors import SettingsInvalid
from opinionlens.storage import Database, StorageFault, StorageUnavailable, feedback
from opinionlens.storage.database_urls import ServerLogin, login_of, parse_url, shown
from opinionlens.text.labels import Label


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_uses_psycopg_3(scheme):
    url = parse_url(f"{scheme}://ann:pa%40ss@db:5433/app?sslmode=require")
    assert url.drivername == "postgresql+psycopg"
    assert (url.password, url.query) == ("pa@ss", {"sslmode": "require"})
    assert shown(url) == "db:5433/app"


def test_a_sqlite_file_is_shown_by_its_path():
    assert shown(parse_url("sqlite:////data/app.db")) == "/data/app.db"
    assert shown(parse_url("sqlite:///app.db")) == "app.db"


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("sqlite:///folder/app.db", None),
        (
            "postgresql://ann:s%20cret@db:5433/records",
            ServerLogin("ann", "s cret", "records", is_local=False),
        ),
        ("postgresql://ann@db/records", ServerLogin("ann", None, "records", is_local=False)),
        ("postgresql:///records", ServerLogin("", None, "records", is_local=True)),
        ("postgresql://ann@/records?host=/run/pg", ServerLogin("ann", None, "records", is_local=True)),
    ],
)
def test_who_logs_in_to_a_server(url, login):
    assert login_of(url) == login
    assert "cret" not in repr(login_of(url))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "opinionlens.db",
        "postgresql://ann:s3cret@host:port/app",
        "mysql://ann:s3cret@db/app",
        "postgresql+asyncpg://ann:s3cret@db/app",
        "sqlite+aiosqlite:///app.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
    ],
)
def test_other_urls_are_refused_without_showing_them(url):
    with pytest.raises(SettingsInvalid) as caught:
        Database(url)
    assert "s3cret" not in str(caught.value)
    assert "postgresql://user:password@host/database" in str(caught.value)


def test_opening_opens_nothing(tmp_path):
    Database(f"sqlite:///{tmp_path / 'none.db'}").close()
    Database("postgresql://ann:secret@203.0.113.1/none").close()
    assert list(tmp_path.iterdir()) == []


def test_importing_loads_only_what_it_needs():
    probe = "import sys, opinionlens.storage; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    source = Path(sys.modules["opinionlens"].__path__[0]).parent
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "sqlalchemy" in loaded
    assert loaded & {"alembic", "mako", "psycopg", "numpy", "pandas", "mlflow", "sklearn"} == set()


def test_sqlite_is_set_up_for_several_processes(tmp_path, migrated_sqlite_file):
    names = ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
    database = Database(f"sqlite:///{migrated_sqlite_file}", wait_seconds=1.5)
    with closing(database), database.reading() as connection:
        found = {name: connection.scalar(text(f"PRAGMA {name}")) for name in names}
    assert found == {"journal_mode": "wal", "busy_timeout": 1500, "foreign_keys": 1, "synchronous": 2}


def test_a_transaction_is_all_or_nothing(database):
    with pytest.raises(KeyError), database.writing() as connection:
        connection.execute(text("DELETE FROM users"))
        connection.execute(
            text("INSERT INTO drift_data (type, value, created_at) VALUES ('a', '1', '2026-11-22 12:00:00')")
        )
        raise KeyError
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM drift_data")) == 0


def test_two_writers_take_turns(url):
    with closing(Database(url, wait_seconds=20)) as one, closing(Database(url, wait_seconds=20)) as other:
        for database in (one, other, one):
            feedback.add(database, label=Label.NEUTRAL, source="page", text="hello")
        with other.reading() as connection:
            assert connection.scalar(text("SELECT count(*) FROM feedback")) == 3


def test_a_reader_does_not_hold_up_a_writer_nor_see_it_half_way(url):
    with closing(Database(url, wait_seconds=1)) as one, closing(Database(url, wait_seconds=1)) as other:
        with one.writing() as writer:
            writer.execute(
                text(
                    "INSERT INTO feedback (created_at, text, label, source) VALUES (:at, 't', 'NEUTRAL', 's')"
                ),
                {"at": "2026-11-22 12:00:00.000000+00:00"},
            )
            assert feedback.newest(other).total == 0
        with one.reading() as reader:
            assert reader.scalar(text("SELECT count(*) FROM feedback")) == 1
            feedback.add(other, label=Label.NEUTRAL, source="page", text="hello")


def test_a_database_without_tables_is_unavailable(empty_url, backend, tmp_path):
    if backend == "sqlite":
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "empty.db").touch()
    with closing(Database(empty_url)) as database:
        database.ping()
        with pytest.raises(StorageFault, match="lacks a table"):
            feedback.newest(database)


def test_a_lock_that_is_held_too_long_is_unavailable(url, backend):
    with closing(Database(url, wait_seconds=0.2)) as database, closing(Database(url)) as other:
        with other.writing() as holder:
            if backend == "postgresql":  # where a writer holds up only who wants the same
                holder.execute(text("LOCK TABLE feedback"))
            with pytest.raises(StorageUnavailable):
                feedback.add(database, label=Label.NEUTRAL, source="page", text="hello")
        feedback.add(database, label=Label.NEUTRAL, source="page", text="hello")
        assert feedback.newest(database).total == 1


def test_a_server_is_told_how_long_to_wait_for_a_lock(postgres, migrated_postgres_url):
    with closing(Database(migrated_postgres_url, wait_seconds=2.5)) as opened, opened.reading() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "2500ms"


def test_what_a_dead_server_does_not_acknowledge_is_given_up_after_ten_seconds(migrated_postgres_url):
    with closing(Database(migrated_postgres_url)) as opened, opened.reading() as connection:
        given = connection.connection.dbapi_connection.info.get_parameters()
    assert (given["connect_timeout"], given["tcp_user_timeout"], given["keepalives_idle"]) == (
        "3",
        "10000",
        "10",
    )


def test_a_pool_that_stays_empty_is_unavailable(url):
    with closing(Database(url, wait_seconds=0.2, pool_size=1)) as database:
        with database.reading(), database.reading(), pytest.raises(StorageUnavailable):
            database.ping()
        database.ping()


@pytest.mark.parametrize("content", [b"this is no database " * 100, None])
def test_a_file_that_is_none_is_unavailable(tmp_path, content):
    path = tmp_path / "file.db"
    path.mkdir() if content is None else path.write_bytes(content)
    with closing(Database(f"sqlite:///{path}")) as database, pytest.raises(StorageUnavailable) as caught:
        feedback.newest(database)
    assert caught.value.status == 503


def test_a_disk_that_is_full_is_unavailable(tmp_path, migrated_sqlite_file):
    path = tmp_path / "full.db"
    path.write_bytes(migrated_sqlite_file.read_bytes())
    with closing(Database(f"sqlite:///{path}")) as database:
        with database.reading() as connection:  # the pool's one connection, which the next call gets too
            pages = connection.scalar(text("PRAGMA page_count"))
            connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(StorageUnavailable) as caught:
            feedback.add(database, label=Label.NEUTRAL, source="page", text="long" * 100_000)
        assert isinstance(caught.value.__cause__.orig, sqlite3.OperationalError)
        assert "full" in str(caught.value.__cause__)
        assert feedback.newest(database).total == 0


def test_errors_show_nobodys_text(database):
    statement = text("INSERT INTO feedback (created_at, label, source) VALUES (:at, 'NEUTRAL', :source)")
    values = {"at": "2026-11-22 12:00:00+00:00", "source": "private words"}
    with (
        pytest.raises(IntegrityError, match="is_about_something") as caught,
        database.writing() as connection,
    ):
        connection.execute(statement, values)
    # PostgreSQL itself adds the failing row.
    assert "private words" not in str(caught.value).split("DETAIL")[0]


def test_our_own_mistakes_are_not_called_unavailable(postgres, migrated_postgres_url):
    """On SQLite they are: it has one error for all that goes wrong, and the cause says which it was."""
    with closing(Database(migrated_postgres_url)) as database:
        with pytest.raises(ProgrammingError, match="syntax"), database.reading() as connection:
            connection.execute(text("SELEC 1"))
        database.ping()
