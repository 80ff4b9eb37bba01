"""The review queue, on both databases."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from opinionlens.classifiers.prediction import Prediction
from opinionlens.storage import RecordNotFound, feedback, predictions, review_queue, shadow_answers
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.storage.review_queue import ReviewProgress
from opinionlens.storage.shadow_answers import ShadowAnswer, ShadowVersion
from opinionlens.text.labels import Label

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def predict(database):
    """Store a prediction, and return its id."""

    def store(text, minutes=0, kept=True):
        row = PredictionRow(
            id=uuid4(),
            at=NOON + timedelta(minutes=minutes),
            model_name="opinionlens",
            model_version=7,
            text_hash=hash_text(text),
            length_chars=len(text),
            label=Label.POSITIVE,
            probabilities=(0.3, 0.3, 0.4),
            latency_seconds=0.001,
            text=text if kept else None,
        )
        predictions.write(database, [row])
        return row.id

    return store


def waiting(database, at=NOON):
    return [each.text for each in review_queue.read_state(database, at=at).candidates]


def test_texts_of_the_log_and_of_readers_wait_with_what_readers_say(database, predict):
    first, second = predict("kept in the log"), predict("only in the feedback", kept=False)
    predict("kept nowhere", kept=False)
    feedback.add(database, label=Label.NEGATIVE, source="page", prediction_id=first)
    feedback.add(
        database, label=Label.NEUTRAL, source="page", prediction_id=second, text="only in the feedback"
    )
    feedback.add(database, label=Label.NEGATIVE, source="page", text="about no prediction")
    found = {each.text: each for each in review_queue.read_state(database, at=NOON).candidates}
    assert found.keys() == {"kept in the log", "only in the feedback"}
    assert found["kept in the log"].reader is Label.NEGATIVE
    assert found["only in the feedback"].reader is Label.NEUTRAL
    assert found["kept in the log"].probabilities == (0.3, 0.3, 0.4)


def test_a_text_knows_what_a_challenger_answered_otherwise(database, predict):
    calm, loud = predict("calm"), predict("loud", minutes=1)
    answers = {
        calm: Prediction(Label.POSITIVE, 0.6, (0.2, 0.2, 0.6)),
        loud: Prediction(Label.NEUTRAL, 0.6, (0.2, 0.6, 0.2)),
    }
    for texts in shadow_answers.served_texts(database, [calm, loud]):
        version = ShadowVersion("opinionlens", 8)
        shadow_answers.add(
            database, [ShadowAnswer(one, version, answers[one.prediction_id]) for one in texts]
        )
    newer = [
        ShadowAnswer(one, ShadowVersion("opinionlens", 9), Prediction(Label.NEGATIVE, 0.6, (0.6, 0.2, 0.2)))
        for texts in shadow_answers.served_texts(database, [loud])
        for one in texts
    ]
    shadow_answers.add(database, newer)
    found = {each.text: each.challenger for each in review_queue.read_state(database, at=NOON).candidates}
    assert found == {"calm": None, "loud": Label.NEGATIVE}


def test_a_label_is_feedback_of_its_own_source_with_the_text(database, predict):
    one, two = predict("one"), predict("two", kept=False)
    feedback.add(database, label=Label.POSITIVE, source="page", prediction_id=two, text="two")
    review_queue.label_text(database, one, Label.NEGATIVE, at=NOON)
    review_queue.label_text(database, two, Label.NEUTRAL, at=NOON - timedelta(days=2))
    assert waiting(database) == []
    rows = [(row.text, row.label, row.source) for row in feedback.labelled_rows(database)]
    assert rows == [("one", Label.NEGATIVE, "review"), ("two", Label.NEUTRAL, "review")]
    state = review_queue.read_state(database, at=NOON)
    assert set(state.done_texts) == {"one", "two"}
    assert state.progress == ReviewProgress(total=2, last_day=1)


def test_a_text_that_is_gone_cannot_be_labelled(database, predict):
    ident = predict("gone", kept=False)
    with pytest.raises(RecordNotFound):
        review_queue.label_text(database, ident, Label.NEGATIVE)


def test_a_skipped_text_comes_back_after_thirty_days(database, predict):
    ident = predict("hard to say")
    review_queue.skip(database, ident, at=NOON)
    review_queue.skip(database, ident, at=NOON)
    assert waiting(database, NOON + timedelta(days=29)) == []
    assert waiting(database, NOON + timedelta(days=31)) == ["hard to say"]


def test_label_and_skip_can_be_taken_back_and_readers_feedback_stays(database, predict):
    one, two = predict("one", 1), predict("two", 0)
    feedback.add(database, label=Label.POSITIVE, source="page", prediction_id=one)
    review_queue.label_text(database, one, Label.NEGATIVE)
    review_queue.skip(database, two, at=NOON)
    assert review_queue.take_back(database, one)
    assert review_queue.take_back(database, two)
    assert not review_queue.take_back(database, two)
    assert sorted(waiting(database)) == ["one", "two"]
    assert [row.source for row in feedback.newest(database).rows] == ["page"]


def test_only_the_newest_rows_are_looked_at(database, predict, monkeypatch):
    monkeypatch.setattr(review_queue, "NEWEST_PREDICTIONS", 3)
    for minutes in range(5):
        predict(f"text {minutes}", minutes, kept=minutes != 3)
    assert waiting(database) == ["text 4", "text 2"]
