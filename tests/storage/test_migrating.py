import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import opinionlens
from opinionlens.base.errors import SettingsInvalid
from opinionlens.storage import (
    Database,
    SchemaUnsupported,
    StorageUnavailable,
    downgrade,
    drift_reports,
    feedback,
    migrate,
)
from opinionlens.storage.migrating import HEAD, alembic_config, is_current
from opinionlens.storage.tables import metadata
from opinionlens.storage.users import everybody
from opinionlens.text.labels import Label

NAMES = {table.name for table in metadata.sorted_tables}
SOURCE = Path(opinionlens.__path__[0]).parent


def tables(url):
    with closing(Database(url)) as database, database.reading() as connection:
        return set(inspect(connection).get_table_names())


def test_the_migrations_make_what_the_code_expects(url):
    with closing(Database(url)) as database, database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        checks = {
            constraint["name"]
            for name in NAMES
            for constraint in inspect(connection).get_check_constraints(name)
        }
    # Alembic does not compare these.
    assert checks == {
        constraint.name
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if type(constraint).__name__ == "CheckConstraint"
    }


def test_there_is_one_line_of_migrations():
    scripts = ScriptDirectory.from_config(alembic_config())
    assert scripts.get_heads() == [HEAD]
    assert len(scripts.get_bases()) == 1


def test_current_is_what_has_been_migrated_to_the_last_step(empty_url):
    with closing(Database(empty_url)) as database:
        assert not is_current(database)
        migrate(empty_url)
        assert is_current(database)
        downgrade(empty_url, "base")
        assert not is_current(database)


def test_every_step_goes_down_and_up_again(empty_url):
    scripts = ScriptDirectory.from_config(alembic_config())
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]
    states = []
    for revision in revisions:
        migrate(empty_url, revision=revision)
        states.append(tables(empty_url))
    assert states[-1] == NAMES | {"alembic_version"}
    for below, state in zip(
        [*revisions[-2::-1], "base"], [*states[-2::-1], {"alembic_version"}], strict=True
    ):
        downgrade(empty_url, below)
        assert tables(empty_url) == state
    migrate(empty_url)
    assert tables(empty_url) == NAMES | {"alembic_version"}


def test_migrating_again_keeps_every_row(url):
    with closing(Database(url)) as database:
        given = feedback.add(database, label=Label.NEUTRAL, source="page", text="keep me")
        migrate(url)
        assert feedback.newest(database).rows == (given,)


def test_processes_that_migrate_at_once_take_turns(empty_url):
    script = f"import sys; from opinionlens.storage import migrate; sys.stdin.read(); migrate({empty_url!r})"
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script],
            env={"PYTHONPATH": str(SOURCE)},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        process.stdin.close()
    failures = [process.stderr.read() for process in processes]
    for process in processes:
        process.stderr.close()
    assert [process.wait(60) for process in processes] == [0, 0], failures
    assert tables(empty_url) == NAMES | {"alembic_version"}


def test_threads_that_migrate_at_once_take_turns(tmp_path):
    """In a process of its own, which two connections in one place would end."""
    script = """
import sys
from concurrent.futures import ThreadPoolExecutor
from opinionlens.storage import migrate
urls = [f"sqlite:///{sys.argv[1]}/{number}.db" for number in range(12)]
with ThreadPoolExecutor(4) as pool:
    list(pool.map(migrate, urls))
"""
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2_000:]
    assert len(list(tmp_path.glob("*.db"))) == 12


def test_a_thread_does_not_wait_without_end_for_anothers_migration(tmp_path, monkeypatch):
    has_begun, may_end = Event(), Event()
    upgrade = command.upgrade

    def slow_upgrade(config, revision):
        has_begun.set()
        may_end.wait(60)
        upgrade(config, revision)

    monkeypatch.setattr(command, "upgrade", slow_upgrade)
    with ThreadPoolExecutor(1) as other:
        migrating = other.submit(migrate, f"sqlite:///{tmp_path / 'slow.db'}")
        try:
            assert has_begun.wait(60)
            with pytest.raises(StorageUnavailable, match="thread") as raised:
                migrate(f"sqlite:///{tmp_path / 'waiting.db'}", wait_seconds=0.01)
            assert "waiting.db" in raised.value.where and raised.value.remedy
        finally:
            may_end.set()
        migrating.result()
    migrate(f"sqlite:///{tmp_path / 'waiting.db'}")


def test_a_migration_that_fails_changes_nothing(empty_url, monkeypatch):
    def fail(config, revision):
        upgrade(config, revision)
        raise RuntimeError("in the middle")

    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", fail)
    with pytest.raises(RuntimeError):
        migrate(empty_url)
    assert tables(empty_url) == set()


def test_tables_of_a_newer_version_are_left_alone(url):
    with closing(Database(url)) as database:
        with database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        try:
            with pytest.raises(SchemaUnsupported, match="another version") as caught:
                migrate(url)
            assert caught.value.status == 503
        finally:
            with database.writing() as connection:
                connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))


def test_a_database_that_is_not_there(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable):
        migrate(f"sqlite:///{tmp_path / 'file' / 'x.db'}")
    with pytest.raises(StorageUnavailable):
        migrate("postgresql://ann:s3cret@127.0.0.1:1/none")
    with pytest.raises(SettingsInvalid):
        migrate("mysql://db/app")


def test_a_lock_that_is_not_given_back(empty_url):
    migrate(empty_url)
    with closing(Database(empty_url)) as database, database.writing() as connection:
        if not database.is_sqlite:
            # The number must never change: an older version that migrates at the same time asks for it, too.
            connection.execute(text("SELECT pg_advisory_xact_lock(117398767)"))
        with pytest.raises(StorageUnavailable):
            migrate(empty_url, wait_seconds=0.2)


def test_folders_are_made_at_any_depth(tmp_path):
    path = tmp_path / "one" / "two" / "three" / "app.db"
    migrate(f"sqlite:///{path}")
    migrate(f"sqlite:///{path}")
    assert tables(f"sqlite:///{path}") == NAMES | {"alembic_version"}


def test_a_file_that_another_program_holds_is_not_waited_for_without_end(tmp_path):
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("CREATE TABLE theirs (id INTEGER)")  # in the mode that is not ours
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageUnavailable):
            migrate(f"sqlite:///{path}", wait_seconds=0.2)
        holder.execute("COMMIT")
    migrate(f"sqlite:///{path}", wait_seconds=0.2)


def test_the_next_migration_can_be_written_by_hand(tmp_path, migrated_sqlite_file):
    """`alembic … -x url=… check` finds the scripts, the tables, and no difference."""
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "alembic",
                "-c",
                str(SOURCE / "opinionlens/storage/migrations/alembic.ini"),
            ),
            *("-x", f"url=sqlite:///{migrated_sqlite_file}", "check"),
        ],
        env={"PYTHONPATH": str(SOURCE)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "No new upgrade operations detected."), done.stderr


def test_users_of_before_there_were_roles_become_admins(empty_url):
    insert = text(
        "INSERT INTO users (name, password_hash, created_at, password_changed_at)"
        " VALUES (:name, 'hash', :at, :at)"
    )
    at = "2026-11-22 12:00:00.000000+00:00"
    migrate(empty_url, revision="0004")
    with closing(Database(empty_url)) as database:
        with database.writing() as connection:
            connection.execute(insert, {"name": "ann", "at": at})
        migrate(empty_url)
        with database.writing() as connection:  # by a process of the version before
            connection.execute(insert, {"name": "bob", "at": at})
        assert {user.name: user.role.value for user in everybody(database)} == {
            "ann": "admin",
            "bob": "viewer",
        }


def test_rows_of_the_first_tables_are_kept(empty_url):
    """Rows as the version before wrote them, with values that PostgreSQL's JSON would refuse."""
    bodies = [
        {"source": "prediction_log", "notes": ["a\0b"]},
        {"source": "file"},
        {"score": 1},
        {"source": 7},
        ["source"],
    ]
    values = ['{"positive": 0.75}', "[0.5, NaN]", '"a\\u0000\\ud800b"', "no JSON", "\\\\u0000"]
    migrate(empty_url, revision="0001")
    with closing(Database(empty_url)) as database:
        with database.writing() as connection:
            for body in bodies:
                connection.execute(
                    text(
                        "INSERT INTO drift_reports (created_at, model_name, window_start, window_end,"
                        " has_drifted, body) VALUES (:at, 'brands', :at, :at, false, :body)"
                    ),
                    {"at": "2026-11-22 12:00:00.000000+00:00", "body": json.dumps(body)},
                )
            for value in values:
                connection.execute(
                    text("INSERT INTO drift_data (type, value, created_at) VALUES ('a', :value, :at)"),
                    {"value": value, "at": "2026-11-22 12:00:00.000000+00:00"},
                )
            connection.execute(
                text(
                    "INSERT INTO predictions (id, created_at, model_name, text_hash, length_chars, label,"
                    " p_negative, p_neutral, p_positive, latency_seconds)"
                    " VALUES (:id, :at, 'brands', :hash, 3, 'NEUTRAL', 0, 1, 0, 0.001)"
                ),
                {"id": "0" * 32, "at": "2026-11-22 12:00:00.000000+00:00", "hash": "a" * 64},
            )
        migrate(empty_url)
        with database.reading() as connection:
            sources = connection.scalars(text("SELECT source FROM drift_reports ORDER BY id")).all()
            stored = connection.scalars(text("SELECT value FROM drift_data ORDER BY id")).all()
            shares = connection.scalars(text("SELECT unknown_share FROM predictions")).all()
        assert sources == ["prediction_log", "file", None, None, None]
        assert shares == [None]
        newest = drift_reports.newest_served(database)
        assert newest is not None
        assert newest.body == bodies[0]
        if database.is_sqlite:
            assert stored == values
        else:
            assert stored == [
                {"positive": 0.75},
                [0.5, None],
                "a\ufffd\ufffdb",
                "no JSON",
                "\\\\u0000",
            ]
        downgrade(empty_url, "0001")
        with database.reading() as connection:
            back = connection.scalars(text("SELECT value FROM drift_data ORDER BY id")).all()
            assert connection.scalar(text("SELECT count(*) FROM drift_reports")) == 5
        assert json.loads(back[0]) == {"positive": 0.75}
