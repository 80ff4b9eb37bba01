"""All that is kept of one text is deleted, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from opinionlens.storage import RecordNotFound, feedback, forgetting, predictions
from opinionlens.storage.forgetting import FROM_THE_START, forget_text
from opinionlens.text.labels import Label

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def forget(database, text):
    after, given, predicted = FROM_THE_START, 0, 0
    while after is not None:
        part = forget_text(database, text, after)
        given, predicted, after = given + part.feedback, predicted + part.predictions, part.next_after
    return given, predicted


def give(database, **about):
    return feedback.add(database, label=Label.NEUTRAL, source="page", **about).id


def left(database):
    rows = predictions.newest(database, since=NOON - timedelta(days=1), until=NOON + timedelta(days=1))
    return {row.id for row in rows}, {row.id for row in feedback.newest(database).rows}


@pytest.mark.parametrize("portion", [1, 2, 3, 50_000])
def test_it_goes_wherever_it_is(database, prediction, monkeypatch, portion):
    monkeypatch.setattr(forgetting, "_ROWS_AT_ONCE", portion)
    kept = [prediction("other words", at=NOON + number * SECOND) for number in (0, 2)]
    gone = [
        prediction("mine", at=NOON, keep=False),  # known by its hash
        prediction("mine", at=NOON + SECOND),
        prediction("mine", at=NOON + 3 * SECOND, text_hash="0" * 64),  # known by its text
    ]
    predictions.write(database, [*kept, *gone])
    give(database, text="mine")
    give(database, prediction_id=gone[0].id)
    give(database, prediction_id=gone[2].id, text="written otherwise")
    other = give(database, text="other words", prediction_id=kept[0].id)
    assert forget(database, "mine") == (3, 3)
    assert left(database) == ({row.id for row in kept}, {other})
    assert forget(database, "mine") == (0, 0)


def test_a_text_is_found_as_it_was_sent_and_as_it_is_kept(database):
    for sent in ("ask @jane", "ask @user"):
        give(database, text="ask @jane")
        assert forget(database, sent) == (1, 0)


@pytest.mark.parametrize("text", ["", "\0", "\ud800", "%", "'; DROP TABLE feedback; --", "x" * 100_000])
def test_any_text_can_be_asked_for(database, text):
    mine, other = give(database, text=text), give(database, text="other")
    assert forget(database, text) == (1, 0)
    assert left(database)[1] == {other} != {mine}


def test_one_piece_of_feedback_is_removed(database):
    one, other = give(database, text="a"), give(database, text="b")
    assert feedback.remove(database, one).text == "a"
    assert left(database)[1] == {other}
    for missing in (one, 0, -1, 10**30):
        with pytest.raises(RecordNotFound, match="There is no feedback"):
            feedback.remove(database, missing)
