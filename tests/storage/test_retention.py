import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from opinionlens.drift.windows import SumState
from opinionlens.storage import (
    Database,
    drift_data,
    drift_reports,
    drift_sums,
    feedback,
    login_attempts,
    migrate,
    predictions,
    sessions,
    users,
)
from opinionlens.storage.drift_sums import HourlySums
from opinionlens.storage.retention import Expired, Retention, delete_excess, delete_expired, may_go
from opinionlens.storage.users import Role
from opinionlens.text.labels import Label

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHORT = timedelta(seconds=1)


def ago(**time):
    return NOON - timedelta(**time)


def test_each_kind_of_row_has_its_own_age(database, prediction):
    retention = Retention(
        prediction_texts=timedelta(days=7),
        predictions=timedelta(days=90),
        drift_data=timedelta(days=30),
        login_attempts=timedelta(hours=6),
    )
    ages = (ago(days=90) - SHORT, ago(days=90), ago(days=7) - SHORT, ago(days=7), NOON, NOON, NOON)
    rows = [prediction("words", at=age) for age in ages]
    predictions.write(database, rows)
    feedback.add(database, label=Label.NEUTRAL, source="page", prediction_id=rows[0].id, at=ago(days=90))
    for age in (ago(days=30) - SHORT, ago(days=30)):
        drift_data.add(database, "sentiment_dist", 1, at=age)
    for age in (ago(hours=6) - SHORT, ago(hours=6)):
        login_attempts.record(database, "ann", "1", since=ago(days=1), at=age)
    ann = users.add(database, "ann", "hash", role=Role.ADMIN)
    for token, expires in (("a" * 64, NOON - SHORT), ("b" * 64, NOON + SHORT)):
        sessions.add(database, token_hash=token, user_id=ann.id, csrf_token="c", expires_at=expires)

    expired = delete_expired(database, retention, at=NOON)

    assert expired == Expired(prediction_texts=2, predictions=1, drift_data=1, login_attempts=1, sessions=1)
    left = predictions.newest(database, since=ago(days=365), until=NOON)  # without those of noon
    assert [(row.id, row.text) for row in left] == [
        (rows[3].id, "words"),
        (rows[2].id, None),
        (rows[1].id, None),
    ]
    assert [row.text for row in feedback.labelled_rows(database)] == ["words"]
    assert delete_expired(database, retention, at=NOON) == Expired()


def test_the_usual_ages():
    assert Retention() == Retention(
        prediction_texts=timedelta(days=30),
        predictions=timedelta(days=365),
        drift_data=timedelta(days=365),
        drift_sums=timedelta(days=365),
        drift_reports=timedelta(days=730),
        login_attempts=timedelta(days=1),
        shadow_answers=timedelta(days=30),
    )


def test_reports_and_hourly_sums_have_an_age(database):
    for days in (0, 366, 731):
        drift_reports.add(
            database,
            model_name="brands",
            model_version=1,
            window=(ago(days=days), ago(days=days)),
            has_drifted=False,
            body={},
            at=ago(days=days),
        )
        state = SumState(1, 1, 1, 0.0, *[np.zeros(1)] * 6)
        drift_sums.write(database, [HourlySums(uuid4(), "brands", 1, ago(days=days), state)])
    assert delete_expired(database, Retention(drift_sums=timedelta(days=400)), at=NOON) == Expired(
        drift_sums=1, drift_reports=1
    )


def test_what_has_no_age_stays(database, prediction):
    predictions.write(database, [prediction("words", at=ago(days=10_000))])
    drift_data.add(database, "sentiment_dist", 1, at=ago(days=10_000))
    assert delete_expired(database, Retention(None, None, None, None, None, None, None), at=NOON) == Expired()


def test_the_database_need_not_be_asked_for_the_time(database, prediction):
    now = datetime.now(UTC)
    predictions.write(database, [prediction(at=now - timedelta(days=days)) for days in (31, 0)])
    assert delete_expired(database, Retention()).prediction_texts == 1


def count(database):
    with database.reading() as connection:
        return connection.scalar(text("SELECT count(*) FROM predictions"))


@pytest.mark.parametrize(
    ("total", "old", "gone"),
    [(0, 0, 0), (1, 0, 0), (100, 50, 50), (100, 51, 10), (100, 100, 10), (9, 9, 1), (1, 1, 1)],
)
def test_of_more_than_half_a_tenth_goes(total, old, gone):
    assert may_go(total, old) == gone


class TestClock:
    """It jumps two years ahead, as after a flat battery; then it is put right, or nobody notices."""

    JUMPED = NOON + timedelta(days=730)

    def test_one_sweep_does_not_delete_everything(self, database, prediction):
        predictions.write(database, [prediction("words", at=NOON - SHORT * number) for number in range(100)])
        for number in range(5):
            drift_data.add(database, "sentiment_dist", 1, at=NOON + SHORT * number)
        with capture_logs() as logged:
            expired = delete_expired(database, Retention(), at=self.JUMPED)
        assert (expired.predictions, expired.prediction_texts, expired.drift_data) == (10, 9, 1)
        assert expired.held_back == 90 + 81 + 4
        assert count(database) == 90
        held = [entry for entry in logged if entry["event"] == "retention.held_back"]
        assert [entry["kind"] for entry in held] == ["predictions", "prediction_texts", "drift_data"]
        assert held[0]["newest"].startswith("2026-11-22 12:00:00")
        assert "Look at the clock." in held[0]["remedy"]

    def test_nor_when_rows_have_been_written_since(self, database, prediction):
        old = [prediction(at=NOON - SHORT * number) for number in range(100)]
        predictions.write(database, [*old, *(prediction(at=self.JUMPED) for _ in range(10))])
        assert delete_expired(database, Retention(), at=self.JUMPED).predictions == 11

    def test_the_oldest_go_first_and_put_right_it_deletes_nothing_more(self, database, prediction):
        rows = [prediction("words", at=NOON - timedelta(days=number)) for number in range(20)]
        predictions.write(database, rows)
        delete_expired(database, Retention(), at=self.JUMPED)
        assert {row.id for row in predictions.newest(database, since=ago(days=90), until=NOON + SHORT)} == {
            row.id for row in rows[:18]
        }
        assert delete_expired(database, Retention(), at=NOON) == Expired()

    def test_rows_of_one_moment_go_together(self, database, prediction):
        predictions.write(database, [prediction(at=NOON, keep=False) for _ in range(20)])
        assert delete_expired(database, Retention(), at=self.JUMPED) == Expired(held_back=18)
        predictions.write(database, [prediction(at=NOON + SHORT)])
        assert delete_expired(database, Retention(), at=self.JUMPED).predictions == 20

    def test_in_the_end_all_goes(self, database, prediction):
        predictions.write(database, [prediction(at=NOON - SHORT * number) for number in range(20)])
        sweeps = 0
        while count(database):
            delete_expired(database, Retention(), at=self.JUMPED)
            sweeps += 1
        assert sweeps > 10


class TestNumber:
    def test_beyond_it_the_oldest_go(self, database, prediction):
        rows = [prediction(at=NOON - SHORT * number) for number in range(50)]
        predictions.write(database, rows)
        assert delete_excess(database, 20) == 30
        kept = predictions.newest(database, since=ago(days=1), until=NOON + SHORT)
        assert [row.id for row in kept] == [row.id for row in rows[:20]]
        assert delete_excess(database, 20) == 0
        assert delete_excess(database, None) == 0

    def test_what_readers_said_of_them_keeps_its_text(self, database, prediction):
        rows = [prediction(f"words {number}", at=NOON - SHORT * number) for number in range(5)]
        predictions.write(database, rows)
        feedback.add(database, label=Label.NEUTRAL, source="page", prediction_id=rows[4].id)
        assert delete_expired(database, Retention(most_predictions=2), at=NOON).predictions == 3
        assert [row.text for row in feedback.labelled_rows(database)] == ["words 4"]

    def test_it_is_two_millions(self):
        assert Retention().most_predictions == 2_000_000


def test_sqlite_gives_the_space_of_deleted_rows_back(tmp_path, prediction):
    path = tmp_path / "app.db"
    migrate(f"sqlite:///{path}")
    with closing(Database(f"sqlite:///{path}")) as database:
        predictions.write(
            database, [prediction("w" * 1_000, at=NOON - SHORT * number) for number in range(3_000)]
        )
        database.close()  # so that the log is in the file
        before = path.stat().st_size
        delete_excess(database, 100)
        assert database.give_space_back() > 500
        database.close()
        assert path.stat().st_size < before / 4
        assert database.give_space_back() == 0
        assert count(database) == 100


def test_a_file_of_before_keeps_its_space_for_new_rows(tmp_path, prediction):
    path = tmp_path / "app.db"
    migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")
    with closing(Database(f"sqlite:///{path}")) as database:
        predictions.write(
            database, [prediction("w" * 1_000, at=NOON - SHORT * number) for number in range(1_000)]
        )
        delete_excess(database, 100)
        assert database.give_space_back() == 0


def test_postgresql_looks_after_its_space_itself(migrated_postgres_url):
    with closing(Database(migrated_postgres_url)) as database:
        assert database.give_space_back() == 0
