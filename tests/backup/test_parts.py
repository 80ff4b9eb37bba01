"""Each kind of part, there and back: a real PostgreSQL, SQLite in use, folders."""

import gzip
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from uuid import uuid4

import psycopg
import pytest
from scripts.backup.errors import BackupError
from scripts.backup.parts import FolderPart, SqlitePart
from scripts.backup.places import database_part
from scripts.backup.running import Runner
from tests.backup.rows import folder_content, postgres_content, postgres_schema, sqlite_content
from tests.support.programs import clean_environment

FILLING = r"""
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE "Odd name" (id serial PRIMARY KEY, mood mood, data bytea, told jsonb, at timestamptz, note text);
INSERT INTO "Odd name" (mood, data, told, at, note)
  SELECT 'good', decode(md5(n::text), 'hex'), json_build_object('n', n), now() + n * interval '1 s',
    CASE WHEN n % 3 = 0 THEN NULL ELSE E'zeile\n\\.\t\\N ü 🙂 ' || n END FROM generate_series(1, 5000) n;
CREATE TABLE child (parent int REFERENCES "Odd name" (id) ON DELETE CASCADE, CHECK (parent > 0));
INSERT INTO child SELECT id FROM "Odd name" WHERE id % 2 = 0;
CREATE INDEX late ON child (parent);
CREATE VIEW both_sides AS SELECT * FROM "Odd name" JOIN child ON parent = id;
CREATE DOMAIN grade AS int CHECK (VALUE BETWEEN 1 AND 6);
CREATE TYPE pair AS (a int, b text);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';
CREATE FUNCTION keep("Odd" text, VARIADIC rest int[]) RETURNS SETOF pair LANGUAGE sql
  AS $$ SELECT 1, "Odd" $$;
CREATE PROCEDURE "Odd one"(INOUT x int) LANGUAGE sql AS $$ SELECT 7 $$;
CREATE AGGREGATE most(int) (SFUNC = int4larger, STYPE = int);
CREATE TRIGGER kept BEFORE DELETE ON child FOR EACH ROW EXECUTE FUNCTION keep();
"""


def execute(url, sql):
    with psycopg.connect(url) as connection:
        connection.execute(sql)


@pytest.fixture
def databases(postgres):
    """A full database and an empty one."""
    name = uuid4().hex
    full, empty = postgres.create_database(f"full-{name}"), postgres.create_database(f"empty-{name}")
    execute(full, FILLING)
    return full, empty


def part_of(url, tmp_path):
    return database_part(url, "any", tmp_path)


def test_a_database_comes_back_row_for_row(databases, tmp_path):
    full, empty = databases
    part_of(full, tmp_path).save(tmp_path / "dump")
    assert part_of(empty, tmp_path).is_empty()
    part_of(empty, tmp_path).load(tmp_path / "dump")
    assert not part_of(empty, tmp_path).is_empty()
    content = postgres_content(empty)
    assert len(content["Odd name"]) == 5000
    assert content == postgres_content(full)
    assert postgres_schema(empty) == postgres_schema(full)


@pytest.mark.slow
def test_tables_of_the_app_come_back_with_their_version(postgres, tmp_path):
    full, empty = postgres.create_database("app-full"), postgres.create_database("app-empty")
    subprocess.run(
        [sys.executable, "-m", "opinionlens.cli.main", "migrate"],
        cwd=tmp_path, env=clean_environment(DATABASE__URL=full), check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    part_of(full, tmp_path).save(tmp_path / "dump")
    part_of(empty, tmp_path).load(tmp_path / "dump")
    content = postgres_content(empty)
    assert {"alembic_version", "users", "predictions"} <= set(content)
    assert content == postgres_content(full)
    assert postgres_schema(empty) == postgres_schema(full)


def test_a_database_is_replaced_by_its_own_backup(databases, tmp_path):
    """Also where it has functions and types of its own, as MLflow's has."""
    full, _ = databases
    content, schema = postgres_content(full), postgres_schema(full)
    part_of(full, tmp_path).save(tmp_path / "dump")
    execute(full, 'DROP TRIGGER kept ON child; DELETE FROM child; DROP PROCEDURE "Odd one"')
    part_of(full, tmp_path).load(tmp_path / "dump")
    assert postgres_content(full) == content
    assert postgres_schema(full) == schema


def test_a_full_database_is_replaced_as_a_whole(databases, tmp_path):
    full, other = databases
    execute(other, "CREATE TABLE theirs (x int); CREATE TYPE mood AS ENUM ('other'); CREATE SEQUENCE numbers")
    part_of(full, tmp_path).save(tmp_path / "dump")
    part_of(other, tmp_path).load(tmp_path / "dump")
    assert postgres_content(other) == postgres_content(full)


@pytest.mark.parametrize("damage", ["SELECT 1/0;\n", "CREATE TABLE half (x int); THIS IS NO SQL;\n"])
def test_a_restore_that_fails_changes_nothing(damage, databases, tmp_path):
    full, _ = databases
    before = postgres_content(full)
    with gzip.open(tmp_path / "dump", "wt") as dump:
        dump.write(damage)
    with pytest.raises(BackupError, match="ended with status 3"):
        part_of(full, tmp_path).load(tmp_path / "dump")
    assert postgres_content(full) == before


def test_a_cut_off_restore_changes_nothing(databases, tmp_path):
    """The process that feeds psql is gone in the middle: psql sees an end without COMMIT."""
    full, other = databases
    execute(other, "CREATE TABLE theirs AS SELECT 7 AS x")
    part_of(full, tmp_path).save(tmp_path / "dump")
    whole = (tmp_path / "dump").read_bytes()
    (tmp_path / "dump").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EOFError):
        part_of(other, tmp_path).load(tmp_path / "dump")
    assert set(postgres_content(other)) == {"theirs"}


def test_a_dump_that_is_not_whole_is_noticed(databases, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pg_dump").write_text("#!/bin/sh\necho 'CREATE TABLE x ();' | gzip\n")
    (tmp_path / "bin" / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(BackupError, match="is not whole"):
        part_of(databases[0], tmp_path).save(tmp_path / "dump")


def test_a_wrong_password_is_told_and_not_shown(postgres, tmp_path):
    url = postgres.create_database("locked").replace(":secret@", ":guessed-one@")
    with pytest.raises(BackupError, match="password authentication failed") as caught:
        part_of(url, tmp_path).save(tmp_path / "dump")
    assert "guessed-one" not in str(caught.value)
    assert "guessed-one" not in repr(part_of(url, tmp_path))


def test_a_program_that_hangs_is_ended(tmp_path):
    began = time.monotonic()
    with pytest.raises(BackupError, match="took longer than 1 s"):
        Runner(seconds=1).ask("sleep", "60")
    with pytest.raises(BackupError, match="ended with status -9"):
        Runner(seconds=1).feed(iter([b"x"]), "sleep", "60")
    assert time.monotonic() - began < 30


def test_a_missing_program_is_named(tmp_path):
    with pytest.raises(BackupError, match="no-such-program is not installed"):
        Runner().ask("no-such-program")
    with pytest.raises(BackupError, match="no-such-program is not installed"):
        Runner().feed(iter([]), "no-such-program")


def test_sqlite_is_copied_while_somebody_writes(tmp_path):
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, told TEXT)")
        writer.executemany("INSERT INTO rows VALUES (?, ?)", ((n, "ü" * n) for n in range(500)))
        before = sqlite_content(path)
        # Not yet in the file itself, and an open change that must not come along.
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM rows")
        SqlitePart("app", path).save(tmp_path / "copy")
        writer.execute("ROLLBACK")
    target = SqlitePart("app", tmp_path / "new" / "app.db")
    assert target.is_empty()
    target.load(tmp_path / "copy")
    assert sqlite_content(target.path) == before
    assert target.path.stat().st_mode & 0o777 == 0o600


def test_an_old_log_beside_a_restored_file_is_gone(tmp_path):
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE one (x)")
    SqlitePart("app", path).save(tmp_path / "copy")
    for ending in ("-wal", "-shm"):
        (tmp_path / f"app.db{ending}").write_bytes(b"of another database")
    SqlitePart("app", path).load(tmp_path / "copy")
    assert [name.name for name in tmp_path.glob("app.db-*")] == []
    assert sqlite_content(path)[1].startswith("CREATE TABLE one")


def test_a_missing_or_damaged_file_of_sqlite_is_refused(tmp_path):
    with pytest.raises(BackupError, match="cannot be copied"):
        SqlitePart("app", tmp_path / "none.db").save(tmp_path / "copy")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "bad.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(BackupError):
        SqlitePart("app", tmp_path / "bad.db").save(tmp_path / "copy2")


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "weights.npz").write_bytes(bytes(range(256)) * 1000)
    (folder / ".hidden").write_text("ü")
    (folder / "a file with\nodd name").write_text("x")
    (folder / "script").write_text("x")
    (folder / "script").chmod(0o750)
    (folder / "logs").mkdir()
    (folder / "logs" / "app.log").write_text("stays")
    return folder


def test_a_folder_comes_back_byte_for_byte(models, tmp_path):
    FolderPart(Runner(), "models", str(models), "logs").save(tmp_path / "archive")
    target = FolderPart(Runner(), "models", str(tmp_path / "new"), "logs")
    assert target.is_empty()
    target.load(tmp_path / "archive")
    assert not target.is_empty()
    kept = {name: one for name, one in folder_content(models).items() if not name.startswith("logs")}
    assert folder_content(tmp_path / "new") == kept


def test_a_full_folder_is_replaced_but_for_what_stays(models, tmp_path):
    FolderPart(Runner(), "models", str(models), "logs").save(tmp_path / "archive")
    other = tmp_path / "other"
    for name in ("old", "logs", ".old", "deep"):
        (other / name).mkdir(parents=True)
        (other / name / "file").write_text("theirs")
    FolderPart(Runner(), "models", str(other), "logs").load(tmp_path / "archive")
    assert sorted(path.name for path in other.iterdir()) == [
        ".hidden", "a file with\nodd name", "deep", "logs", "script"
    ]  # fmt: skip
    assert sorted(path.name for path in (other / "deep").iterdir()) == ["er"]
    assert (other / "logs" / "file").read_text() == "theirs"


def test_a_cut_off_archive_leaves_the_folder_as_it_was(models, tmp_path):
    FolderPart(Runner(), "models", str(models)).save(tmp_path / "archive")
    whole = (tmp_path / "archive").read_bytes()
    (tmp_path / "archive").write_bytes(whole[: len(whole) // 2])
    before = folder_content(models)
    with pytest.raises(BackupError):
        FolderPart(Runner(), "models", str(models)).load(tmp_path / "archive")
    after = {name: one for name, one in folder_content(models).items() if not name.startswith(".restored")}
    assert after == before


def test_a_folder_that_is_not_there_is_kept_as_an_empty_one(tmp_path):
    part = FolderPart(Runner(), "models", str(tmp_path / "none"))
    assert part.is_empty()
    part.save(tmp_path / "archive")
    assert not (tmp_path / "none").exists()
    part.load(tmp_path / "archive")
    assert list((tmp_path / "none").iterdir()) == []


def test_only_logs_are_an_empty_folder(tmp_path):
    (tmp_path / "data" / "logs").mkdir(parents=True)
    assert FolderPart(Runner(), "app-data", str(tmp_path / "data"), "logs").is_empty()
    (tmp_path / "data" / ".file").touch()
    assert not FolderPart(Runner(), "app-data", str(tmp_path / "data"), "logs").is_empty()


@pytest.mark.parametrize("url", ["mysql://user:pw@host/db", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused_without_showing_the_url(url, tmp_path):
    with pytest.raises(BackupError) as caught:
        database_part(url, "app", tmp_path)
    assert "pw" not in str(caught.value)
