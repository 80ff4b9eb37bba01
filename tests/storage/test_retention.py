from datetime import UTC, datetime, timedelta

from opinionlens.storage import drift_data, feedback, login_attempts, predictions, sessions, users
from opinionlens.storage.retention import Expired, Retention, delete_expired
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
    ages = (ago(days=90) - SHORT, ago(days=90), ago(days=7) - SHORT, ago(days=7))
    rows = [prediction("words", at=age) for age in ages]
    predictions.write(database, rows)
    feedback.add(database, label=Label.NEUTRAL, source="page", prediction_id=rows[0].id, at=ago(days=90))
    for age in (ago(days=30) - SHORT, ago(days=30)):
        drift_data.add(database, "sentiment_dist", 1, at=age)
    for age in (ago(hours=6) - SHORT, ago(hours=6)):
        login_attempts.record(database, "ann", "1", since=ago(days=1), at=age)
    ann = users.add(database, "ann", "hash")
    for token, expires in (("a" * 64, NOON - SHORT), ("b" * 64, NOON + SHORT)):
        sessions.add(database, token_hash=token, user_id=ann.id, csrf_token="c", expires_at=expires)

    expired = delete_expired(database, retention, at=NOON)

    assert expired == Expired(prediction_texts=2, predictions=1, drift_data=1, login_attempts=1, sessions=1)
    left = predictions.newest(database, since=ago(days=365), until=NOON)
    assert [(row.id, row.text) for row in left] == [
        (rows[3].id, "words"),
        (rows[2].id, None),
        (rows[1].id, None),
    ]
    assert [row.text for row in feedback.labelled_rows(database)] == ["words"]
    assert delete_expired(database, retention, at=NOON) == Expired(0, 0, 0, 0, 0)


def test_the_usual_ages():
    assert Retention() == Retention(
        prediction_texts=timedelta(days=30),
        predictions=timedelta(days=365),
        drift_data=timedelta(days=365),
        login_attempts=timedelta(days=1),
    )


def test_what_has_no_age_stays(database, prediction):
    predictions.write(database, [prediction("words", at=ago(days=10_000))])
    drift_data.add(database, "sentiment_dist", 1, at=ago(days=10_000))
    assert delete_expired(database, Retention(None, None, None, None), at=NOON) == Expired(0, 0, 0, 0, 0)


def test_the_database_need_not_be_asked_for_the_time(database, prediction):
    predictions.write(database, [prediction("words", at=datetime.now(UTC) - timedelta(days=31))])
    assert delete_expired(database, Retention()).prediction_texts == 1
