"""The way to the database: prepared in the background, bounded, and never in the way of an answer."""

import asyncio
import threading
import time
from collections.abc import Callable
from uuid import uuid4

import pytest

from opinionlens.app.records import Records
from opinionlens.classifiers.lexicon import LexiconClassifier
from opinionlens.serving.store import ServedModel
from opinionlens.storage import Database, StorageUnavailable, predictions

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:9/nothing?connect_timeout=1"


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@pytest.fixture
def url(tmp_path) -> str:
    return f"sqlite:///{tmp_path / 'folder' / 'app.db'}"


def logged_row(url: str, *, keeps_texts: bool) -> predictions.PredictionRow:
    records = Records(Database(url), keeps_texts=keeps_texts)
    records.start()
    wait_for(lambda: records.is_ready)
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
    wait_for(lambda: records.problem is not None)
    assert not records.is_ready
    assert str(tmp_path) not in str(records.problem)
    blocker.unlink()
    wait_for(lambda: records.is_ready)
    assert records.problem is None
    records.close()


def test_one_call_too_many_is_refused_at_once(url, monkeypatch):
    monkeypatch.setattr("opinionlens.app.records._MAX_WAITING", 1)
    records = Records(Database(url))
    asyncio.run(ask_twice(records))
    records.close()


async def ask_twice(records: Records) -> None:
    go_on = threading.Event()
    waiting = asyncio.create_task(records.run(lambda database: go_on.wait(20)))
    await asyncio.sleep(0)
    with pytest.raises(StorageUnavailable):
        await records.run(lambda database: None)
    go_on.set()
    assert await waiting
    assert await records.run(lambda database, one, *, two: (one, two), 1, two=2) == (1, 2)


def test_closing_does_not_wait_for_a_database_that_is_away():
    records = Records(Database(NOWHERE))
    records.start()
    wait_for(lambda: records.problem is not None)
    closing = threading.Thread(target=records.close)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()
