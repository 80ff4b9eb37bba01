"""The database, or who writes to it, is killed: what was acknowledged is there, what was lost is counted."""

import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.support.waiting import wait_until

import opinionlens
from opinionlens.storage import Database, StorageUnavailable, feedback, predictions
from opinionlens.storage.prediction_log import PredictionLog
from opinionlens.text.labels import Label

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = Path(opinionlens.__path__[0]).parent

# Gives feedback for as long as it lives, and says so each time that it was told that it is stored.
WRITER = """
import sys
from opinionlens.storage import Database, feedback
from opinionlens.text.labels import Label
database = Database(sys.argv[1])
while True:
    print(feedback.add(database, label=Label.NEUTRAL, source="page", text="hello").id, flush=True)
"""


def stored_feedback(database):
    with database.reading() as connection:
        return list(connection.scalars(text("SELECT id FROM feedback")))


def test_a_killed_writer_loses_nothing_that_it_was_told_is_stored(url, database):
    command = [sys.executable, "-c", WRITER, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={"PYTHONPATH": str(SOURCE)}) as writer:
        acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout.read().splitlines()]
    assert set(acknowledged) <= set(stored_feedback(database))
    # Nobody is held up by what it left behind.
    feedback.add(database, label=Label.NEUTRAL, source="page", text="hello")


def test_a_killed_server_loses_nothing_acknowledged_and_every_loss_is_counted(
    postgres, migrated_postgres_url, prediction
):
    acknowledged, refused, told = [], [], []
    stop = threading.Event()

    def give_feedback(database):
        while not stop.is_set():
            try:
                given = feedback.add(database, label=Label.NEUTRAL, source="kill", text="hello")
            except StorageUnavailable as error:
                refused.append(error)
                time.sleep(0.05)
            else:
                acknowledged.append(given.id)

    with closing(Database(migrated_postgres_url)) as database:
        with database.writing() as connection:  # so that what earlier tests did is not recovered again
            connection.execute(text("CHECKPOINT"))
        log = PredictionLog(database, keeps_text=False, max_rows=100, flush_seconds=0.02, on_loss=told.append)
        log.start()
        thread = threading.Thread(target=give_feedback, args=(database,))
        thread.start()
        answered = [prediction(at=NOON + timedelta(days=900)) for _ in range(250)]
        try:
            for row in answered[:50]:
                log.add(row)
            wait_until(lambda: log.counts.written == 50 and len(acknowledged) > 20)

            postgres.kill()
            for row in answered[50:]:
                log.add(row)
            wait_until(lambda: len(refused) > 3)
            assert log.counts.lost >= 100
        finally:
            postgres.start()
        wait_until(lambda: log.counts.waiting == 0 and log.counts.written + log.counts.lost == 250)
        before = len(acknowledged)
        wait_until(lambda: len(acknowledged) > before + 5)
        stop.set()
        thread.join(20)
        log.close()

        assert set(acknowledged) <= set(stored_feedback(database))
        window = {"since": NOON + timedelta(days=899), "until": NOON + timedelta(days=901)}
        written = predictions.newest(database, **window)
    counts = log.counts
    assert (counts.written, counts.lost) == (len(written), sum(told))
    assert counts.written + counts.lost == 250
    assert {error.status for error in refused} == {503}


def test_a_server_that_is_down_is_unavailable_at_once_and_needs_no_restart_of_ours(
    postgres, migrated_postgres_url
):
    with closing(Database(migrated_postgres_url)) as database:
        database.ping()
        postgres.stop()
        try:
            started = time.monotonic()
            for call in (database.ping, lambda: feedback.newest(database)):
                with pytest.raises(StorageUnavailable) as caught:
                    call()
                assert "secret" not in str(caught.value)
                assert caught.value.where.startswith("127.0.0.1:")
            assert time.monotonic() - started < 10
        finally:
            postgres.start()
        feedback.add(database, label=Label.NEUTRAL, source="page", text="hello")


def test_a_server_that_restarts_between_two_requests_is_not_noticed(postgres, migrated_postgres_url):
    """Its connections are ended while they lie in the pool, as a restart does."""
    with (
        closing(Database(migrated_postgres_url)) as database,
        closing(Database(migrated_postgres_url)) as other,
    ):
        database.ping()
        with other.writing() as connection:
            ended = connection.scalar(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        assert ended >= 1
        feedback.add(database, label=Label.NEUTRAL, source="page", text="hello")
