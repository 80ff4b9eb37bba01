"""The way to the database: prepared in the background, bounded, and never in the way of an answer."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from tests.support.waiting import wait_until

import opinionlens
from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.serving.store import ServedModel
from opinionlens.storage import (
    Database,
    StorageFault,
    StorageUnavailable,
    drift_data,
    feedback,
    migrate,
    predictions,
)
from opinionlens.storage.records import Records
from opinionlens.storage.retention import Expired, Retention
from opinionlens.text.labels import Label

SOURCE = Path(opinionlens.__path__[0]).parent

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:9/nothing?connect_timeout=1"


@pytest.fixture
def url(tmp_path) -> str:
    return f"sqlite:///{tmp_path / 'folder' / 'app.db'}"


def logged_row(url: str, *, keeps_texts: bool) -> predictions.PredictionRow:
    records = Records(Database(url), keeps_texts=keeps_texts)
    records.start()
    wait_until(lambda: records.is_ready)
    model = ServedModel(LexiconClassifier(), name="word list")
    ident, text = uuid4(), "great, write to me@example.com"
    records.log_prediction(ident, text, model.classifier.predict(text), model, 0.25)
    records.close()
    row = predictions.find(Database(url), ident)
    assert row is not None
    assert row.text_hash == predictions.hash_text(text)
    assert (row.length_chars, row.latency_seconds, row.model_name) == (len(text), 0.25, "word list")
    return row


def test_what_was_logged_is_written_at_the_end_without_its_text(url):
    assert logged_row(url, keeps_texts=False).text is None


def test_a_text_is_kept_only_where_it_was_asked_for_and_redacted(url):
    text = logged_row(url, keeps_texts=True).text
    assert text is not None
    assert "great" in text
    assert "example.com" not in text


def test_the_tables_are_made_when_the_database_comes_up(tmp_path):
    # A file where the folder should be: nothing can be opened until it goes.
    blocker = tmp_path / "folder"
    blocker.write_text("")
    records = Records(Database(f"sqlite:///{blocker / 'app.db'}"))
    records.start()
    wait_until(lambda: records.problem is not None)
    assert not records.is_ready
    assert str(tmp_path) not in str(records.problem)
    blocker.unlink()
    wait_until(lambda: records.is_ready)
    assert records.problem is None
    records.close()


def test_one_call_too_many_is_refused_at_once(url, monkeypatch):
    monkeypatch.setattr("opinionlens.storage.records._MAX_WAITING", 1)
    records = Records(Database(url))
    asyncio.run(ask_twice(records))
    records.close()


async def ask_twice(records: Records) -> None:
    go_on = threading.Event()
    waiting = asyncio.create_task(records.read(lambda database: go_on.wait(20)))
    await asyncio.sleep(0)
    with pytest.raises(StorageUnavailable):
        await records.read(lambda database: None)
    go_on.set()
    assert await waiting
    assert await records.read(lambda database, one, *, two: (one, two), 1, two=2) == (1, 2)


def test_closing_does_not_wait_for_a_database_that_is_away():
    records = Records(Database(NOWHERE))
    records.start()
    wait_until(lambda: records.problem is not None)
    closing = threading.Thread(target=records.close)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()


def give(database: Database, words: str = "hello") -> object:
    return feedback.add(database, label=Label.NEUTRAL, source="page", text=words)


@pytest.fixture
def running(url) -> Iterator[Records]:
    records = Records(Database(url))
    records.start()
    wait_until(lambda: records.is_ready)
    yield records
    records.close()


def test_readers_do_not_queue_behind_writers(running):
    """As many writers as there are threads, and more, hang; a reader does not notice."""
    go_on = threading.Event()

    async def ask() -> None:
        writers = [asyncio.create_task(running.write(lambda _: go_on.wait(60))) for _ in range(10)]
        await asyncio.sleep(0)
        page = await asyncio.wait_for(running.read(feedback.newest), 50)
        assert page.total == 0
        assert not any(writer.done() for writer in writers)
        go_on.set()
        await asyncio.gather(*writers)

    asyncio.run(ask())


def test_a_call_that_does_not_come_back_ends_for_who_waits(running, monkeypatch):
    monkeypatch.setattr("opinionlens.storage.records._PATIENCE_SECONDS", 0.1)
    go_on = threading.Event()

    async def ask() -> None:
        calls = [running.read(lambda _: go_on.wait(60)) for _ in range(20)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(answer) for answer in answers] == [StorageUnavailable] * 20
        assert running.problem is not None
        go_on.set()
        monkeypatch.setattr("opinionlens.storage.records._PATIENCE_SECONDS", 30)
        assert (await running.read(feedback.newest)).total == 0
        assert running.problem is None

    asyncio.run(ask())


def test_a_process_ends_although_a_call_hangs(url):
    done = subprocess.run(
        [sys.executable, "-c", HANGS, url],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0


HANGS = """
import asyncio, sys, threading
from opinionlens.storage.records import Records
from opinionlens.storage import Database
records = Records(Database(sys.argv[1]))
records.start()
async def ask():
    hanging = threading.Event()
    def hang(database):
        hanging.set()
        threading.Event().wait()
    tasks = [asyncio.create_task(each(hang)) for each in (records.read, records.write)]
    await asyncio.to_thread(hanging.wait)
asyncio.run(ask())
records.close()
"""


def test_what_is_not_waited_for_is_bounded(running):
    go_on = threading.Event()

    async def ask() -> None:
        for _ in range(1_000):
            running.write_later(lambda _: go_on.wait(60))
        assert len(running._later) == 100
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(*running._later)
        assert running._later == set()

    asyncio.run(ask())


def test_what_is_too_much_goes_without_waiting_for_the_hour(url, monkeypatch):
    monkeypatch.setattr("opinionlens.storage.records._EXCESS_SECONDS", 0.05)
    told: list[Expired] = []
    records = Records(Database(url), retention=Retention(most_predictions=2), on_expiry=told.append)
    records.start()
    wait_until(lambda: records.is_ready)
    model = ServedModel(LexiconClassifier(), name="word list")
    for _ in range(5):
        records.log_prediction(uuid4(), "great", model.classifier.predict("great"), model, 0.1)
    wait_until(lambda: sum(expired.predictions for expired in told) == 3)
    records.close()


def test_what_is_too_old_goes_again_and_again(url, monkeypatch):
    monkeypatch.setattr("opinionlens.storage.records._RETENTION_SECONDS", 0.05)
    migrate(url)
    with closing(Database(url)) as database:
        for number in range(3):
            drift_data.add(database, "sentiment_dist", 1, at=datetime(2020, 1, 1 + number, tzinfo=UTC))
    told: list[Expired] = []
    records = Records(Database(url), on_expiry=told.append)
    records.start()
    wait_until(lambda: sum(expired.drift_data for expired in told) >= 2)
    records.close()
    assert told[0].drift_data == 1  # not all at once


class TestFaults:
    """What a person must mend is shown until it is mended, and logged once with the driver's words."""

    def test_a_removed_file(self, running, url):
        path = running.database.file.path
        with capture_logs() as logged, pytest.raises(StorageFault):
            path.rename(path.with_name("elsewhere"))
            asyncio.run(running.write(give))
        wait_until(lambda: running.problem is not None)
        assert "is not there" in running.problem
        assert str(path) not in running.problem
        assert not path.exists()
        (entry,) = [entry for entry in logged if entry["event"] == "database.fault"]
        assert "unable to open database file" in entry["driver"]
        path.with_name("elsewhere").rename(path)
        wait_until(lambda: running.problem is None)
        asyncio.run(running.write(give))

    def test_it_is_said_once_however_often_it_is_met(self, running):
        path = running.database.file.path
        path.rename(path.with_name("elsewhere"))
        with capture_logs() as logged:
            for _ in range(5):
                with pytest.raises(StorageFault):
                    asyncio.run(running.write(give))
                with pytest.raises(StorageFault):
                    asyncio.run(running.read(feedback.newest))
        assert [entry["event"] for entry in logged].count("database.fault") == 1

    def test_an_empty_file_in_its_place_gets_tables(self, running):
        path = running.database.file.path
        asyncio.run(running.write(give))
        path.with_name("empty").touch()
        path.with_name("empty").replace(path)
        with pytest.raises(StorageFault):
            asyncio.run(running.write(give))
        wait_until(lambda: running.problem is None and feedback_of(running) == ())
        asyncio.run(running.write(give, "after"))
        assert [row.text for row in feedback_of(running)] == ["after"]

    def test_a_missing_table_is_said_before_anybody_asks_for_it(self, url):
        migrate(url)
        with closing(Database(url)) as database, database.writing() as connection:
            connection.execute(text("DROP TABLE drift_data"))
        records = Records(Database(url))
        records.start()
        wait_until(lambda: records.problem is not None)
        assert "lacks a table" in records.problem
        records.close()

    def test_what_the_prediction_log_meets_is_shown_too(self, running):
        path = running.database.file.path
        path.rename(path.with_name("elsewhere"))
        model = ServedModel(LexiconClassifier(), name="word list")
        running.log_prediction(uuid4(), "great", model.classifier.predict("great"), model, 0.1)
        wait_until(lambda: running.problem is not None)
        path.with_name("elsewhere").rename(path)
        wait_until(lambda: running.counts.written == 1)
        wait_until(lambda: running.problem is None)

    def test_a_lock_is_shown_while_it_lasts(self, running):
        with closing(sqlite3.connect(running.database.file.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageUnavailable):
                asyncio.run(running.write(give))
            assert "has locked" in running.problem
            assert asyncio.run(running.read(feedback.newest)).total == 0
            assert "has locked" in running.problem
        wait_until(lambda: running.problem is None)


def feedback_of(records: Records) -> tuple[feedback.Feedback, ...] | None:
    try:
        return feedback.newest(records.database).rows
    except StorageUnavailable:
        return None
