from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from opinionlens.storage import drift_data, drift_reports

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


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
    assert row[:3] == (1, "sentiment_dist", '{"negative": 0.25}')


def test_equal_values_are_stored_alike(database):
    for value in ({"positive": 0.75, "negative": 0.25}, {"negative": 0.25, "positive": 0.75}):
        drift_data.add(database, "sentiment_dist", value, at=NOON)
    with database.reading() as connection:
        stored = set(connection.scalars(text("SELECT value FROM drift_data")))
    assert stored == {'{"negative": 0.25, "positive": 0.75}'}


def test_what_json_cannot_say_is_refused(database):
    with pytest.raises(ValueError, match="JSON"):
        drift_data.add(database, "sentiment_dist", [float("nan")])


def test_old_values_are_deleted(database):
    drift_data.add(database, "sentiment_dist", 1, at=NOON - timedelta(seconds=1))
    kept = drift_data.add(database, "sentiment_dist", 2, at=NOON)
    assert drift_data.delete_before(database, NOON) == 1
    assert drift_data.newest(database, "sentiment_dist", limit=9) == [kept]


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
