import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs
from tests.support.waiting import wait_until

from opinionlens.storage import StorageUnavailable, predictions
from opinionlens.storage.prediction_log import PredictionCounts, PredictionLog

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def stored(database):
    return predictions.newest(database, since=NOON - DAY, until=NOON + DAY)


@pytest.fixture(autouse=True)
def logged():
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def outage(monkeypatch):
    """An event: while it is set, the database does not answer."""
    is_down = threading.Event()
    write = predictions.write

    def interrupted(database, rows):
        if is_down.is_set():
            raise StorageUnavailable("down")
        write(database, rows)

    monkeypatch.setattr(predictions, "write", interrupted)
    return is_down


def test_rows_arrive_without_anybody_waiting(database, prediction):
    rows = [prediction(keep=False) for _ in range(3)]
    with PredictionLog(database, keeps_text=False, flush_seconds=0.01) as log:
        for row in rows:
            log.add(row)
        wait_until(lambda: log.counts.written == 3)
        assert {row.id for row in stored(database)} == {row.id for row in rows}
    assert log.counts == PredictionCounts(written=3, lost=0, waiting=0)


def test_closing_writes_what_waits(database, prediction):
    with PredictionLog(database, keeps_text=False, flush_seconds=60) as log:
        log.add(prediction())
    assert len(stored(database)) == 1


def test_much_is_written_before_its_time(database, prediction):
    rows = [prediction(keep=False) for _ in range(1_000)]
    with PredictionLog(database, keeps_text=False, flush_seconds=60) as log:
        for row in rows:
            log.add(row)
        wait_until(lambda: log.counts.written == len(rows))


def test_rows_that_come_during_a_write_are_left_for_the_next_turn(database, prediction, monkeypatch):
    sizes = []
    write = predictions.write

    def busy(database, rows):
        sizes.append(len(rows))
        if len(sizes) < 3:
            log.add(prediction())
        write(database, rows)

    monkeypatch.setattr(predictions, "write", busy)
    with PredictionLog(database, keeps_text=False, flush_seconds=60) as log:
        for _ in range(1_000):
            log.add(prediction())
        wait_until(
            lambda: log.counts.written == 1_001
        )  # after a full transaction more may wait, as in a backlog
        assert log.counts.waiting == 1
    assert sizes == [1_000, 1, 1]


def test_no_text_is_kept_unless_that_is_wanted(database, prediction):
    with PredictionLog(database, keeps_text=False) as log:
        log.add(prediction("call @jane"))
    (row,) = stored(database)
    assert row.text is None
    assert row.text_hash == predictions.hash_text("call @jane")


def test_a_kept_text_is_redacted(database, prediction):
    with PredictionLog(database, keeps_text=True) as log:
        log.add(prediction("@jane: jane@example.com or 555-123-4567"))
    (row,) = stored(database)
    assert row.text == "@user: [email] or [phone]"


def test_rows_wait_through_an_outage(database, prediction, outage, logged):
    with PredictionLog(database, keeps_text=False, flush_seconds=0.01) as log:
        outage.set()
        log.add(prediction())
        wait_until(lambda: log._is_interrupted)
        log.add(prediction())
        outage.clear()
        wait_until(lambda: log.counts.written == 2)
    assert log.counts == PredictionCounts(written=2, lost=0, waiting=0)
    assert len(stored(database)) == 2
    assert [entry["event"] for entry in logged] == ["predictions.waiting"]  # once, however long it took


def test_each_outage_is_said_once(database, prediction, outage, logged):
    with PredictionLog(database, keeps_text=False, flush_seconds=0.01) as log:
        for written in (1, 2):
            outage.set()
            log.add(prediction())
            wait_until(lambda written=written: len(logged) == written)
            outage.clear()
            wait_until(lambda written=written: log.counts.written == written)
    assert [entry["event"] for entry in logged] == ["predictions.waiting"] * 2


def test_rows_keep_their_order_through_an_outage(database, prediction, outage, monkeypatch):
    """What was put back comes before what was added meanwhile, and leaves before it."""
    written, begun, goes_on = [], threading.Event(), threading.Event()
    interrupted = predictions.write

    def write(database, rows):
        begun.set()
        assert goes_on.wait(20)
        interrupted(database, rows)
        written.extend(row.id for row in rows)

    monkeypatch.setattr(predictions, "write", write)
    outage.set()
    rows = [prediction() for _ in range(4)]
    with PredictionLog(database, keeps_text=False, flush_seconds=0.01) as log:
        log.add(rows[0])
        assert begun.wait(20)
        for row in rows[1:]:
            log.add(row)
        goes_on.set()
        wait_until(lambda: log._is_interrupted)
        outage.clear()
    assert written == [row.id for row in rows]


def test_what_was_accepted_first_stays_when_newer_rows_have_filled_the_buffer(
    database, prediction, monkeypatch
):
    begun, goes_on, write = threading.Event(), threading.Event(), predictions.write

    def interrupted(database, rows):
        if not begun.is_set():
            begun.set()
            assert goes_on.wait(20)
            raise StorageUnavailable("down")
        write(database, rows)

    monkeypatch.setattr(predictions, "write", interrupted)
    rows = [prediction("ab") for _ in range(4)]
    log = PredictionLog(database, keeps_text=True, max_rows=2, max_chars=4, flush_seconds=0.01)
    log.add(rows[0])
    log.start()
    assert begun.wait(20)
    for row in rows[1:]:  # while the first is being written two fit, and one is lost
        log.add(row)
    goes_on.set()
    wait_until(lambda: log.counts.waiting == 0)
    log.add(prediction("abcd"))  # the room is whole again
    log.close()
    assert log.counts == PredictionCounts(written=4, lost=1, waiting=0)
    assert {row.id for row in stored(database)} >= {row.id for row in rows[:3]}


def test_twenty_thousand_rows_and_twenty_million_characters_may_wait(database, prediction):
    row = prediction(keep=False)
    log = PredictionLog(database, keeps_text=True)
    for _ in range(20_001):
        log.add(row)
    assert log.counts == PredictionCounts(written=0, lost=1, waiting=20_000)
    log = PredictionLog(database, keeps_text=True)
    log.add(prediction("short", text="a" * 19_999_999))
    log.add(prediction("short", text="ab"))
    assert log.counts == PredictionCounts(written=0, lost=1, waiting=1)
    log.add(prediction("short", text="a"))
    assert log.counts == PredictionCounts(written=0, lost=1, waiting=2)


def test_what_does_not_fit_is_lost_and_counted(database, prediction):
    told = []
    log = PredictionLog(database, keeps_text=False, max_rows=2, on_loss=told.append)
    rows = [prediction() for _ in range(5)]
    for row in rows:
        log.add(row)
    assert log.counts == PredictionCounts(written=0, lost=3, waiting=2)
    assert told == [1, 1, 1]
    log.start()
    log.close()
    assert {row.id for row in stored(database)} == {row.id for row in rows[:2]}


def test_long_texts_do_not_fill_the_memory(database, prediction):
    log = PredictionLog(database, keeps_text=True, max_chars=10)
    log.add(prediction("123456"))
    log.add(prediction("12345"))
    log.add(prediction("1234"))
    assert log.counts == PredictionCounts(written=0, lost=1, waiting=2)
    log.start()
    wait_until(lambda: log.counts.waiting == 0)
    log.add(prediction("1234567890"))
    log.close()
    assert log.counts == PredictionCounts(written=3, lost=1, waiting=0)


def test_what_waits_at_the_end_of_an_outage_without_end_is_lost(database, prediction, outage):
    told = []
    outage.set()
    with PredictionLog(database, keeps_text=False, flush_seconds=0.01, on_loss=told.append) as log:
        for _ in range(3):
            log.add(prediction())
    assert log.counts == PredictionCounts(written=0, lost=3, waiting=0)
    assert sum(told) == 3


def test_closing_does_not_wait_for_ever(database, prediction, monkeypatch):
    hangs, resumes = threading.Event(), threading.Event()

    def hang(database, rows):
        hangs.set()
        resumes.wait(20)
        raise StorageUnavailable("never came back")

    monkeypatch.setattr(predictions, "write", hang)
    log = PredictionLog(database, keeps_text=False, flush_seconds=0.01)
    log.start()
    log.add(prediction())
    assert hangs.wait(20)
    log.add(prediction())
    started = time.monotonic()
    log.close(timeout_seconds=0.1)
    assert time.monotonic() - started < 5
    assert log.counts.lost == 1
    resumes.set()
    wait_until(lambda: log.counts.lost == 2)
    assert log.counts.waiting == 0


def test_a_row_that_comes_too_late_is_lost(database, prediction):
    with PredictionLog(database, keeps_text=False) as log:
        pass
    log.add(prediction())
    assert log.counts == PredictionCounts(written=0, lost=1, waiting=0)


def test_rows_that_cannot_be_stored_do_not_stop_the_others(database, prediction, logged):
    with PredictionLog(database, keeps_text=False, flush_seconds=0.01) as log:
        log.add(prediction(text_hash="no hash"))
        wait_until(lambda: log.counts.lost == 1)
        log.add(prediction())
    assert log.counts == PredictionCounts(written=1, lost=1, waiting=0)
    assert [(entry["event"], entry["rows"]) for entry in logged] == [("predictions.lost", 1)]


def test_every_row_of_many_threads_is_counted(database, prediction):
    rows = [prediction(keep=False) for _ in range(400)]
    log = PredictionLog(database, keeps_text=False, max_rows=300, flush_seconds=0.001)

    def add(part):
        for row in part:
            log.add(row)

    threads = [threading.Thread(target=add, args=(rows[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    log.start()
    for thread in threads:
        thread.join(20)
    log.close()
    counts = log.counts
    assert counts.written + counts.lost == 400
    assert counts.written == len(stored(database)) >= 300
