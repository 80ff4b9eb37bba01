from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from opinionlens.storage import feedback, predictions
from opinionlens.text.labels import Label

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def exported(database):
    return [(row.text, row.label) for row in feedback.labelled_rows(database)]


def test_what_is_given_is_stored_redacted(database):
    given = feedback.add(
        database, label=Label.NEGATIVE, source="page", text="@jane (jane@example.com) is right", at=NOON
    )
    assert feedback.newest(database).rows == (given,)
    assert given.text == "@user ([email]) is right"
    assert (given.label, given.source, given.at, given.prediction_id) == (Label.NEGATIVE, "page", NOON, None)


def test_a_prediction_need_not_have_arrived_yet(database):
    prediction_id = uuid4()
    given = feedback.add(database, label=Label.NEUTRAL, source="api", prediction_id=prediction_id)
    assert (given.prediction_id, given.text) == (prediction_id, None)


def test_it_must_be_about_something(database):
    with pytest.raises(ValueError, match="prediction or a text"):
        feedback.add(database, label=Label.NEUTRAL, source="api")


@pytest.mark.parametrize("text", ["", " \n", "a\0b", "\ud800", "🙂" * 10_000, "\U0010ffff", "' OR 1=1 --"])
def test_any_text_can_be_stored(database, text):
    feedback.add(database, label=Label.NEUTRAL, source="api", text=text)
    (row,) = feedback.newest(database).rows
    assert row.text == text.replace("\0", "�").replace("\ud800", "�")
    assert exported(database) == [(row.text, Label.NEUTRAL)]


def test_the_export_is_ready_to_learn_from(database, prediction):
    kept, dropped = prediction("kept text"), prediction("not kept", keep=False)
    predictions.write(database, [kept, dropped])
    feedback.add(database, label=Label.NEGATIVE, source="page", text="given text", at=NOON)
    feedback.add(database, label=Label.NEUTRAL, source="api", prediction_id=kept.id)
    feedback.add(database, label=Label.NEUTRAL, source="api", prediction_id=dropped.id)
    feedback.add(database, label=Label.NEUTRAL, source="api", prediction_id=uuid4())

    rows = list(feedback.labelled_rows(database))

    assert rows[0] == feedback.LabelledRow("given text", Label.NEGATIVE, "page", NOON)
    assert exported(database) == [("given text", Label.NEGATIVE), ("kept text", Label.NEUTRAL)]


def test_the_last_word_on_a_prediction_counts(database):
    one, other = uuid4(), uuid4()
    for prediction_id, label in ((one, Label.NEGATIVE), (other, Label.POSITIVE), (one, Label.NEUTRAL)):
        feedback.add(database, label=label, source="page", prediction_id=prediction_id, text="so so")
    # Without a prediction's id nothing says that two words are one reader's.
    for label in (Label.NEGATIVE, Label.POSITIVE):
        feedback.add(database, label=label, source="page", text="alone")
    assert exported(database) == [
        ("so so", Label.POSITIVE),
        ("so so", Label.NEUTRAL),
        ("alone", Label.NEGATIVE),
        ("alone", Label.POSITIVE),
    ]


def test_a_long_export_comes_whole_and_in_order(database, monkeypatch):
    monkeypatch.setattr(feedback, "_ROWS_AT_ONCE", 3)
    for number in range(7):
        feedback.add(database, label=Label.NEUTRAL, source="page", text=f"text {number}")
    export = feedback.labelled_rows(database)
    assert next(export).text == "text 0"
    # Nothing is held while the caller is busy with a row: a writer gets through.
    feedback.add(database, label=Label.NEUTRAL, source="page", text="text 7")
    assert [row.text for row in export] == [f"text {number}" for number in range(1, 8)]


def test_its_text_outlives_the_prediction(database, prediction):
    old, without = prediction("old text", at=NOON), prediction("gone", at=NOON, keep=False)
    new = prediction("new text", at=NOON + timedelta(days=2))
    predictions.write(database, [old, without, new])
    for row in (old, without, new):
        feedback.add(database, label=Label.NEGATIVE, source="page", prediction_id=row.id)

    assert predictions.delete_before(database, NOON + timedelta(days=1)) == 2

    assert [row.text for row in feedback.newest(database).rows] == [None, None, "old text"]
    assert exported(database) == [("old text", Label.NEGATIVE), ("new text", Label.NEGATIVE)]


def test_the_list_comes_in_pages(database):
    ids = [
        feedback.add(database, label=Label.NEUTRAL, source="page", text=f"text {number}").id
        for number in range(3)
    ]
    first = feedback.newest(database, limit=2)
    second = feedback.newest(database, limit=2, before=first.next_before)
    assert [row.id for row in first.rows + second.rows] == ids[::-1]
    assert (first.total, second.next_before) == (3, None)
