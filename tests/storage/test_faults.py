"""What stays until a person mends it is told apart from what passes, and said in words with a remedy."""

import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

import opinionlens
from opinionlens.storage import Database, StorageFault, StorageUnavailable, feedback, migrate
from opinionlens.storage.faults import driver_words, trouble_of
from opinionlens.text.labels import Label

SOURCE = Path(opinionlens.__path__[0]).parent


def fault_of(url, call=feedback.newest):
    with closing(Database(url)) as database, pytest.raises(StorageFault) as caught:
        call(database)
    assert caught.value.status == 503
    assert caught.value.remedy
    return caught.value


def give(database):
    feedback.add(database, label=Label.NEUTRAL, source="page", text="hello")


def test_a_column_that_is_missing(url, backend):
    with closing(Database(url)) as database:
        with database.writing() as connection:
            connection.execute(text("ALTER TABLE feedback RENAME COLUMN source TO origin"))
        try:
            for call in (give, feedback.newest, lambda database: database.check_tables()):
                with pytest.raises(StorageFault, match="lacks a table or a column"):
                    call(database)
        finally:
            with database.writing() as connection:
                connection.execute(text("ALTER TABLE feedback RENAME COLUMN origin TO source"))
        database.check_tables()


def test_a_table_that_is_missing(empty_url):
    migrate(empty_url)
    with closing(Database(empty_url)) as database, database.writing() as connection:
        connection.execute(text("DROP TABLE feedback"))
    assert "lacks a table" in fault_of(empty_url).what
    assert "lacks a table" in fault_of(empty_url, lambda database: database.check_tables()).what


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "wrong"}, "refuses the user or the password"),
        ({"username": "nobody"}, "refuses the user or the password"),
        ({"database": "nothing"}, "has no such database"),
    ],
)
def test_a_server_that_does_not_let_us_in(migrated_postgres_url, changes, words):
    from opinionlens.storage.database_urls import parse_url

    url = parse_url(migrated_postgres_url).set(**changes).render_as_string(hide_password=False)
    error = fault_of(url)
    assert words in error.what
    assert "DATABASE__URL" in error.remedy
    assert "wrong" not in str(error)


def test_a_server_that_takes_no_changes(migrated_postgres_url):
    options = "?options=-c%20default_transaction_read_only%3Don"
    assert "not written" in fault_of(migrated_postgres_url + options, give).what
    assert "not written" in fault_of(migrated_postgres_url + options, Database.check_writable).what


def test_a_table_that_is_not_ours(migrated_postgres_url):
    with closing(Database(migrated_postgres_url)) as database, database.writing() as connection:
        connection.execute(text("DROP ROLE IF EXISTS guest"))
        connection.execute(text("CREATE ROLE guest LOGIN PASSWORD 'secret'"))
    url = migrated_postgres_url.replace("//opinionlens:", "//guest:")
    assert "may not do this" in fault_of(url).what


READ_ONLY = """
import os, sqlite3, sys
from opinionlens.storage import Database, StorageFault, feedback
from opinionlens.text.labels import Label
database = Database(sys.argv[1])
feedback.newest(database)  # loads all that is loaded on the way
database.close()
sqlite3.connect(database.file.path).execute("PRAGMA journal_mode = " + sys.argv[2])
if os.geteuid() == 0:  # who may write everything
    os.chown(database.file.path, 65534, 65534)
    os.setgid(65534), os.setuid(65534)
def give():
    feedback.add(database, label=Label.NEUTRAL, source="page", text="hello")
for call in (give, database.check_writable):
    try:
        call()
    except StorageFault as error:
        print(error.what)
"""


@pytest.mark.parametrize(("mode", "words"), [("delete", "not written"), ("wal", "cannot be opened")])
def test_a_file_that_may_only_be_read(mode, words):
    """A file with a write-ahead log cannot even be opened where nothing can be written beside it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "app.db"
        migrate(f"sqlite:///{path}")
        path.chmod(0o444)
        command = [sys.executable, "-c", READ_ONLY, f"sqlite:///{path}", mode]
        environment = {"PYTHONPATH": str(SOURCE)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.count(words) == 2, done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"this is no database " * 100, "not an SQLite database"), (None, "cannot be opened")],
)
def test_a_file_that_is_no_database(tmp_path, content, words):
    path = tmp_path / "file.db"
    path.mkdir() if content is None else path.write_bytes(content)
    assert words in fault_of(f"sqlite:///{path}").what


def test_a_damaged_file(tmp_path):
    path = tmp_path / "app.db"
    migrate(f"sqlite:///{path}")
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    assert "damaged" in fault_of(f"sqlite:///{path}").what


@pytest.mark.parametrize(
    ("code", "lasts"),
    [
        ("57P01", False),
        ("53300", False),
        ("40P01", False),
        ("08006", False),
        ("42P01", True),
        ("28P01", True),
    ],
)
def test_what_passes_is_no_fault(code, lasts):
    kind = type("OperationalError", (Exception,), {"sqlstate": code})
    trouble = trouble_of(kind("words"))
    assert trouble is not None
    assert trouble.lasts is lasts


@pytest.mark.parametrize("kind", ["ProgrammingError", "IntegrityError", "DataError"])
def test_a_question_that_was_wrong_is_no_trouble_of_the_database(kind):
    assert trouble_of(type(kind, (Exception,), {"sqlstate": "42601"})()) is None
    assert trouble_of(getattr(sqlite3, kind)()) is None


def test_a_busy_file_is_no_fault(tmp_path):
    url = f"sqlite:///{tmp_path / 'app.db'}"
    migrate(url)
    with (
        closing(Database(url, wait_seconds=0.1)) as database,
        closing(Database(url)) as other,
        other.writing(),
    ):
        with pytest.raises(StorageUnavailable, match="has locked") as caught:
            give(database)
        assert not isinstance(caught.value, StorageFault)


def test_of_the_driver_s_words_the_first_line_is_kept():
    assert driver_words(ValueError('relation "x" does not exist\nLINE 1: SELECT private')) == (
        'relation "x" does not exist'
    )
    assert len(driver_words(ValueError("x" * 5_000))) == 300
