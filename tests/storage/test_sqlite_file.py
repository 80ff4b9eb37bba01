"""The file under a running app is removed or replaced: nothing goes where nobody finds it."""

import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text

from opinionlens.storage import Database, StorageFault, StorageUnavailable, feedback, migrate
from opinionlens.storage.migrating import is_current
from opinionlens.text.labels import Label


def give(database, words="hello"):
    return feedback.add(database, label=Label.NEUTRAL, source="page", text=words)


def texts(path):
    with closing(Database(f"sqlite:///{path}")) as database:
        return [row.text for row in feedback.newest(database).rows]


def mode(path):
    return stat.S_IMODE(Path(path).stat().st_mode)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "app.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def database(path):
    with closing(Database(f"sqlite:///{path}")) as database:
        give(database, "before")
        yield database


def backup_of(path, words):
    """A copy as `sqlite3 app.db '.backup copy.db'` makes it, with one more row."""
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    with closing(Database(f"sqlite:///{copy}")) as other:
        give(other, words)
    return copy


class TestRemoved:
    def test_nothing_is_acknowledged(self, database, path):
        path.unlink()
        for _ in range(2):
            with pytest.raises(StorageFault, match="is not there") as caught:
                give(database)
            assert "restart the app" in caught.value.remedy
            with pytest.raises(StorageFault):
                feedback.newest(database)
        assert not path.exists()  # no empty one was put in its place

    def test_nor_within_a_transaction(self, database, path):
        with pytest.raises(StorageUnavailable, match="removed or replaced"), database.writing() as connection:
            connection.execute(text("DELETE FROM drift_data"))
            path.unlink()

    def test_put_back_it_goes_on(self, database, path):
        elsewhere = path.with_name("elsewhere.db")
        path.rename(elsewhere)
        with pytest.raises(StorageFault):
            give(database)
        elsewhere.rename(path)
        give(database, "after")
        assert texts(path) == ["after", "before"]


class TestReplaced:
    def test_what_follows_is_stored_in_the_new_file(self, database, path):
        backup_of(path, "restored").replace(path)
        give(database, "after")
        assert texts(path) == ["after", "restored", "before"]

    def test_the_log_of_the_old_file_is_not_applied_to_the_new_one(self, database, path):
        copy = backup_of(path, "restored")
        for number in range(50):  # lies in the write-ahead log of the old file
            give(database, f"old {number}")
        copy.replace(path)
        assert [row.text for row in feedback.newest(database).rows] == ["restored", "before"]
        with database.reading() as connection:
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
        assert path.with_name("app.db-wal.replaced").exists()

    def test_no_log_that_was_set_aside_is_lost(self, database, path):
        """A wrong file in its place, then the right one again: what was stored last is in the first log."""
        for turn in ("first", "second", "third"):
            give(database, f"{turn} stored")  # lies in the write-ahead log
            backup_of(path, "restored").replace(path)
            give(database, "after")
        kept = sorted(each.name for each in path.parent.glob("app.db-*.replaced*"))
        assert kept == ["app.db-wal.replaced", "app.db-wal.replaced-2", "app.db-wal.replaced-3"]
        contents = [path.with_name(name).read_bytes() for name in kept]
        assert [
            f"{turn} stored".encode() in log
            for turn, log in zip(("first", "second", "third"), contents, strict=True)
        ] == [True] * 3

    def test_every_thread_comes_over(self, database, path):
        start, answers = threading.Barrier(5), []

        def work():
            feedback.newest(database)  # each has a connection of its own by then
            start.wait(20)
            start.wait(20)
            answers.append(feedback.newest(database).rows[0].text)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        start.wait(20)
        backup_of(path, "restored").replace(path)
        start.wait(20)
        for thread in threads:
            thread.join(20)
        assert answers == ["restored"] * 4

    def test_two_processes_come_over(self, database, path):
        with closing(Database(f"sqlite:///{path}")) as other:
            feedback.newest(other)
            copy = backup_of(path, "restored")
            give(other, "old")
            copy.replace(path)
            give(database, "one")
            give(other, "two")
            give(database, "three")
            for each in (database, other):
                found = [row.text for row in feedback.newest(each).rows]
                assert found == ["three", "two", "one", "restored", "before"]

    def test_by_an_empty_one_tables_are_missing_in_words(self, database, path):
        empty = path.with_name("empty.db")
        empty.touch()
        empty.replace(path)
        assert not is_current(database)
        with pytest.raises(StorageFault, match="lacks a table"):
            give(database)

    def test_by_what_is_no_database(self, database, path):
        junk = path.with_name("junk")
        junk.write_bytes(b"this is no database " * 1_000)
        junk.replace(path)
        with pytest.raises(StorageFault, match="not an SQLite database"):
            give(database)

    def test_a_restored_copy_gets_the_mode_in_which_readers_do_not_wait(self, database, path):
        copy = backup_of(path, "restored")
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
        copy.replace(path)
        give(database)
        with database.reading() as connection:
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"


@pytest.fixture
def wide_umask():
    before = os.umask(0)
    yield
    os.umask(before)


class TestRights:
    @pytest.mark.usefixtures("wide_umask")
    def test_a_new_file_and_its_neighbours_are_their_owner_s(self, tmp_path):
        path = tmp_path / "folder" / "app.db"
        migrate(f"sqlite:///{path}")
        with closing(Database(f"sqlite:///{path}")) as database:
            give(database)
            found = {each.name: mode(each) for each in path.parent.iterdir()}
        assert found == {"app.db": 0o600, "app.db-wal": 0o600, "app.db-shm": 0o600}

    def test_those_of_an_existing_one_are_tightened(self, path):
        with closing(Database(f"sqlite:///{path}")) as other:
            give(other)
            for ending in ("", "-wal", "-shm"):
                path.with_name(path.name + ending).chmod(0o664)
            with closing(Database(f"sqlite:///{path}")) as database:
                database.ping()
                assert [mode(f"{path}{ending}") for ending in ("", "-wal", "-shm")] == [0o600] * 3

    def test_a_folder_or_pipe_is_left_alone(self, tmp_path):
        (tmp_path / "app.db").mkdir(mode=0o755)
        with closing(Database(f"sqlite:///{tmp_path / 'app.db'}")) as database, pytest.raises(StorageFault):
            database.ping()
        assert mode(tmp_path / "app.db") == 0o755


def test_one_that_was_never_there_is_not_missed(tmp_path):
    with closing(Database(f"sqlite:///{tmp_path / 'app.db'}")) as database:
        with pytest.raises(StorageUnavailable, match="not been made yet") as caught:
            database.ping()
        assert not isinstance(caught.value, StorageFault)


def test_a_name_with_all_kinds_of_characters(tmp_path):
    path = tmp_path / "a ?#41&ü%41.db"
    url = f"sqlite:///{quote(str(path))}"
    migrate(url)
    with closing(Database(url)) as database:
        give(database)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_link_to_the_file_is_followed(tmp_path, path):
    link = tmp_path / "links" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    with closing(Database(f"sqlite:///{link}")) as database:
        copy = backup_of(path, "restored")
        give(database, "old")
        copy.replace(path)
        assert [row.text for row in feedback.newest(database).rows] == ["restored"]


def test_free_pages_can_be_given_back(path):
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
