import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import text

from opinionlens.drift.windows import SumState
from opinionlens.storage import Database, drift_data, drift_reports, drift_sums
from opinionlens.storage.drift_sums import HourlySums

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def sums(**changes) -> HourlySums:
    values = {"id": uuid4(), "model_name": "brands", "model_version": 3, "hour": NOON}
    state = SumState(
        texts=4,
        read_texts=3,
        texts_with_words=2,
        unknown=0.1 + 0.2,
        labels=np.array([1.0, 1.0, 2.0]),
        confidence=np.array([0.0, 4.0]),
        length=np.array([3.0, 1.0]),
        embedding=np.array([-1 / 3, 1e-12]),
        fourier=np.array([0.5]),
        terms=np.array([0.0, 3.0]),
    )
    return HourlySums(**(values | {"state": state} | changes))


def hours(database, **changes) -> list[HourlySums]:
    asked = {"model_name": "brands", "model_version": 3, "since": None, "until": NOON + timedelta(hours=1)}
    return list(drift_sums.hourly(database, **(asked | changes)))


def test_the_newest_value_of_a_kind(database):
    old = drift_data.add(database, "sentiment_dist", {"negative": 0.2, "positive": 0.8}, at=NOON)
    new = drift_data.add(database, "sentiment_dist", {"negative": 0.5}, at=NOON + timedelta(days=1))
    mean = drift_data.add(database, "embedding_mean", [0.1, -2.0], at=NOON + timedelta(days=2))
    assert drift_data.newest(database, "sentiment_dist") == [new]
    assert drift_data.newest(database, "sentiment_dist", limit=9) == [new, old]
    assert drift_data.newest(database, "embedding_mean") == [mean]
    assert drift_data.newest(database, "nothing") == []
    assert (old.value, mean.value) == ({"negative": 0.2, "positive": 0.8}, [0.1, -2.0])


def test_the_older_system_reads_the_table(database):
    drift_data.add(database, "sentiment_dist", {"negative": 0.25}, at=NOON)
    with database.reading() as connection:
        row = connection.execute(text("SELECT id, type, value, created_at FROM drift_data")).one()
    stored = '{"negative": 0.25}' if database.is_sqlite else {"negative": 0.25}
    assert row[:3] == (1, "sentiment_dist", stored)


def test_the_older_system_writes_the_table(database):
    """Its documented statement names neither id nor time."""
    before = datetime.now(UTC)
    with database.writing() as connection:
        for type_, value in (("sentiment_dist", "[0.2, 0.5, 0.3]"), ("embeddings", "[[0.1, 0.2]]")):
            connection.execute(
                text("INSERT INTO drift_data (type, value) VALUES (:type, :value)"),
                {"type": type_, "value": value},
            )
    (shares,), (rows,) = (drift_data.newest(database, each) for each in ("sentiment_dist", "embeddings"))
    assert (shares.value, rows.value) == ([0.2, 0.5, 0.3], [[0.1, 0.2]])
    assert before - timedelta(seconds=1) <= shares.at <= datetime.now(UTC)  # SQLite's has whole seconds


def test_a_table_of_the_users_own(empty_url, backend):
    """Made as the older system documents it: for PostgreSQL in its README, for SQLite in its tests."""
    if backend == "sqlite":
        Path(empty_url.removeprefix("sqlite:///")).parent.mkdir()
        key, kind, default = (
            "INTEGER PRIMARY KEY AUTOINCREMENT",
            "TEXT",
            "TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
        )
    else:
        key, kind, default = "SERIAL PRIMARY KEY", "JSONB", "TIMESTAMP WITH TIME ZONE DEFAULT now()"
    columns = f"id {key}, type TEXT NOT NULL, value {kind} NOT NULL, created_at {default}"
    if backend == "sqlite":
        with closing(sqlite3.connect(empty_url.removeprefix("sqlite:///"))) as connection:
            connection.execute(f"CREATE TABLE drift_data ({columns})")
    with closing(Database(empty_url)) as database:
        with database.writing() as connection:
            if backend != "sqlite":
                connection.execute(text(f"CREATE TABLE drift_data ({columns})"))
            connection.execute(text("INSERT INTO drift_data (type, value) VALUES ('a', '[1]'), ('a', '[2]')"))
            connection.execute(
                text("INSERT INTO drift_data (type, value, created_at) VALUES ('a', '[3]', NULL)")
            )
        found = drift_data.newest(database, "a", limit=9)
    assert [one.value for one in found] == [[2], [1], [3]]
    assert found[2].at is None


def test_equal_values_are_stored_alike(database):
    for value in ({"positive": 0.75, "negative": 0.25}, {"negative": 0.25, "positive": 0.75}):
        drift_data.add(database, "sentiment_dist", value, at=NOON)
    with database.reading() as connection:
        stored = set(connection.scalars(text("SELECT CAST(value AS TEXT) FROM drift_data")))
    assert stored == {'{"negative": 0.25, "positive": 0.75}'}


def test_characters_that_postgresql_refuses_are_replaced(database):
    drift_data.add(database, "words", {"a\0": ["\ud800", None]}, at=NOON)
    assert drift_data.newest(database, "words")[0].value == {"a\ufffd": ["\ufffd", None]}


def test_what_json_cannot_say_is_refused(database):
    with pytest.raises(ValueError, match="JSON"):
        drift_data.add(database, "sentiment_dist", [float("nan")])


def test_old_values_are_deleted(database):
    drift_data.add(database, "sentiment_dist", 1, at=NOON - timedelta(seconds=1))
    kept = drift_data.add(database, "sentiment_dist", 2, at=NOON)
    assert drift_data.delete_before(database, NOON) == 1
    assert drift_data.newest(database, "sentiment_dist", limit=9) == [kept]


class TestHourlySums:
    def test_they_come_back_as_they_went(self, database):
        written = sums(hour=NOON)
        drift_sums.write(database, [written])
        (found,) = hours(database)
        for name in ("id", "model_name", "model_version", "hour"):
            assert getattr(found, name) == getattr(written, name)
        for name in SumState.__slots__:
            assert np.array_equal(getattr(found.state, name), getattr(written.state, name))
        assert not hours(database, with_terms=False)[0].state.terms.size

    def test_writing_again_replaces_and_others_stand_beside(self, database):
        ours, theirs = sums(hour=NOON), sums(hour=NOON)
        drift_sums.write(database, [ours, theirs])
        more = replace(ours.state, texts=9, terms=np.arange(5.0))
        drift_sums.write(database, [replace(ours, state=more)])
        found = {one.id: one.state for one in hours(database)}
        assert (found[ours.id].texts, found[theirs.id].texts) == (9, 4)
        assert found[ours.id].terms.tolist() == [0, 1, 2, 3, 4]
        drift_sums.write(database, [])

    def test_hours_of_one_version(self, database, monkeypatch):
        monkeypatch.setattr(drift_sums, "_HOURS_AT_ONCE", 3)
        made = [sums(hour=NOON - timedelta(hours=number // 2)) for number in range(10)]
        drift_sums.write(database, [*made, sums(hour=NOON, model_version=4), sums(hour=NOON, model_name="x")])
        assert {one.id for one in hours(database)} == {one.id for one in made}
        assert [one.hour for one in hours(database)] == [one.hour for one in made]
        some = hours(database, since=NOON - timedelta(hours=3), until=NOON)
        assert {one.id for one in some} == {one.id for one in made[2:8]}
        drift_sums.write(database, [sums(hour=NOON, model_version=None)])
        assert len(hours(database, model_version=None)) == 1

    def test_old_hours_go_with_their_terms(self, database):
        kept = sums(hour=NOON)
        drift_sums.write(database, [kept, sums(hour=NOON - timedelta(hours=1))])
        assert drift_sums.delete_before(database, NOON) == 1
        assert [one.id for one in hours(database)] == [kept.id]
        with database.reading() as connection:
            assert connection.scalar(text("SELECT count(*) FROM drift_terms")) == 1


def test_equal_reports_are_stored_alike(database):
    for body in ({"note": "a", "drift": 0.2}, {"drift": 0.2, "note": "a"}):
        drift_reports.add(
            database,
            model_name="opinionlens",
            model_version=3,
            window=(NOON - timedelta(days=1), NOON),
            has_drifted=False,
            body=body,
            at=NOON,
        )
    with database.reading() as connection:
        stored = set(connection.scalars(text("SELECT body FROM drift_reports")))
    assert stored == {'{"drift": 0.2, "note": "a"}'}


def test_reports_come_back_as_they_went(database):
    window = (NOON - timedelta(days=1), NOON)
    reports = [
        drift_reports.add(
            database,
            model_name="opinionlens",
            model_version=version,
            window=window,
            has_drifted=has_drifted,
            body={"label_drift": {"value": 0.2, "threshold": 0.15}, "note": "a\0b"},
            at=NOON,
        )
        for version, has_drifted in ((3, True), (None, False), (4, False))
    ]
    first = drift_reports.newest(database, limit=2)
    assert first.rows == (reports[2], reports[1])
    assert drift_reports.newest(database, limit=2, before=first.next_before).rows == (reports[0],)
    assert first.total == 3
    assert reports[0].has_drifted is True
    assert reports[0].body == {"label_drift": {"value": 0.2, "threshold": 0.15}, "note": "a\0b"}
    assert (reports[0].window_start, reports[0].window_end, reports[0].model_version) == (*window, 3)


def test_the_newest_report_on_served_texts(database):
    def add(**body):
        window = (NOON, NOON)
        return drift_reports.add(
            database,
            model_name="brands",
            model_version=1,
            window=window,
            has_drifted=False,
            body=body,
            at=NOON,
        )

    assert drift_reports.newest_served(database) is None
    add(source="file", notes=['"source": "prediction_log"', "source: prediction_log", "prediction%log"])
    add(source="predictionXlog")
    assert drift_reports.newest_served(database) is None
    add(source="prediction_log")
    newest = add(source="prediction_log", score=1.5)
    add(source="file")
    assert drift_reports.newest_served(database) == newest
    assert newest.source == "prediction_log"
    others = [add(source=name) for name in ("xcom", "mlflow", "table", "disk")]
    assert drift_reports.newest_served(database) == others[-1]
    assert drift_reports.last_served(database, limit=1) == [newest]  # of which the page shows words


def test_old_reports_are_deleted(database):
    for at in (NOON - timedelta(seconds=1), NOON):
        drift_reports.add(
            database,
            model_name="brands",
            model_version=1,
            window=(at, at),
            has_drifted=False,
            body={"source": "file"},
            at=at,
        )
    assert drift_reports.delete_before(database, NOON) == 1
    assert [one.at for one in drift_reports.newest(database).rows] == [NOON]
