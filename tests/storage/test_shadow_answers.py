"""Answers of challengers to served texts, on both databases."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from opinionlens.classifiers.prediction import Prediction
from opinionlens.storage import predictions, shadow_answers
from opinionlens.storage.forgetting import forget_text
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.storage.retention import Retention, delete_expired
from opinionlens.storage.shadow_answers import ShadowAnswer, ShadowVersion
from opinionlens.text.labels import Label

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
CHALLENGER = ShadowVersion("opinionlens", 8)
SAME = Prediction(Label.POSITIVE, 0.6, (0.1, 0.3, 0.6))
OTHER = Prediction(Label.NEGATIVE, 0.7, (0.7, 0.2, 0.1))


@pytest.fixture
def predict(database):
    """Store a prediction, and return its id."""

    def store(text, minutes=0, *, name="opinionlens", version=7, kept=True):
        row = PredictionRow(
            id=uuid4(),
            at=NOON + timedelta(minutes=minutes),
            model_name=name,
            model_version=version,
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


@pytest.fixture
def answer(database):
    """Store a challenger's answers to predictions."""

    def store(ids, prediction=OTHER, challenger=CHALLENGER):
        for texts in shadow_answers.served_texts(database, ids):
            shadow_answers.add(database, [ShadowAnswer(one, challenger, prediction) for one in texts])

    return store


def waiting(database, challenger=CHALLENGER, most=100, is_wanted=lambda one: True):
    return shadow_answers.waiting(database, challenger, is_wanted=is_wanted, most=most)


def test_stored_texts_of_other_versions_wait_newest_first(database, predict):
    old, new = predict("old"), predict("new", 5)
    predict("not kept", kept=False)
    predict("its own", version=8)
    predict("of the word list", name="word list", version=None)
    predict("of another model", name="brands")
    assert waiting(database) == [new, old]
    assert waiting(database, most=1) == [new]
    assert waiting(database, is_wanted=lambda one: one == old) == [old]


def test_an_answered_text_waits_no_more_for_that_version(database, predict, answer):
    one, two = predict("one"), predict("two", 1)
    answer([one])
    assert waiting(database) == [two]
    assert waiting(database, ShadowVersion("opinionlens", 9)) == [two, one]


def test_old_texts_of_a_long_log_are_not_answered_any_more(database, predict, monkeypatch):
    monkeypatch.setattr(shadow_answers, "NEWEST_PREDICTIONS", 2)
    predict("first")
    later = [predict("third", 2), predict("second", 1)]
    assert waiting(database) == later


def test_differing_texts_are_listed_newest_first_with_both_answers(database, predict, answer):
    ids = [predict(f"text {number}", number) for number in range(4)]
    answer(ids[:3])
    answer(ids[3:], SAME)
    answer(ids[:1], OTHER, ShadowVersion("opinionlens", 9))
    found = shadow_answers.differing(database, CHALLENGER, limit=2)
    assert [one.served.text for one in found] == ["text 2", "text 1"]
    assert [one.served.text for one in shadow_answers.differing(database, CHALLENGER, limit=2, offset=2)] == [
        "text 0"
    ]
    first = found[0]
    assert (first.served.served_by, first.challenger) == (ShadowVersion("opinionlens", 7), CHALLENGER)
    assert (first.pair.first.label, first.pair.second) == (Label.POSITIVE, OTHER)
    assert first.pair.first.probabilities == (0.3, 0.3, 0.4)
    assert first.served.at == NOON + timedelta(minutes=2)


def test_answers_are_counted_by_challenger(database, predict, answer):
    ids = [predict("a"), predict("b", 1), predict("c", 2)]
    answer(ids[:2])
    answer(ids[2:], SAME)
    answer(ids[:1], SAME, ShadowVersion("opinionlens", 9))
    assert [(one.version.number, one.answered, one.differing) for one in shadow_answers.totals(database)] == [
        (8, 3, 2),
        (9, 1, 0),
    ]
    assert shadow_answers.totals(database)[0].since == NOON
    assert shadow_answers.totals(database)[0].until == NOON + timedelta(minutes=2)


def test_an_answer_is_stored_once(database, predict, answer):
    one = predict("once")
    answer([one])
    answer([one], SAME)
    (total,) = shadow_answers.totals(database)
    assert (total.answered, total.differing) == (1, 1)


def test_the_oldest_go_when_there_are_too_many(database, predict, answer, monkeypatch):
    monkeypatch.setattr(shadow_answers, "MOST_ROWS", 3)
    answer([predict(f"text {number}", number) for number in range(5)])
    found = shadow_answers.differing(database, CHALLENGER, limit=10)
    assert [one.served.text for one in found] == ["text 4", "text 3", "text 2"]


def test_those_of_other_challengers_go_first(database, predict, answer, monkeypatch):
    monkeypatch.setattr(shadow_answers, "MOST_ROWS", 4)
    ids = [predict(f"text {number}", number) for number in range(3)]
    answer(ids, OTHER, ShadowVersion("opinionlens", 6))
    answer(ids)
    assert [(one.version.number, one.answered) for one in shadow_answers.totals(database)] == [(8, 3), (6, 1)]
    assert waiting(database) == []


def test_a_forgotten_text_takes_its_answers_with_it(database, predict, answer):
    answer([predict("mine"), predict("other", 1)])
    forget_text(database, "mine")
    assert [one.answered for one in shadow_answers.totals(database)] == [1]
    assert [one.served.text for one in shadow_answers.differing(database, CHALLENGER, limit=9)] == ["other"]


def test_answers_go_with_the_age_of_the_texts(database, predict, answer):
    minutes = [0, 1, 60 * 24 * 40, 60 * 24 * 40 + 1, 60 * 24 * 40 + 2]
    answer([predict(f"text {one}", one) for one in minutes])
    expired = delete_expired(database, Retention(), at=NOON + timedelta(days=40, minutes=5))
    assert (expired.shadow_answers, expired.prediction_texts) == (2, 2)
    assert expired.by_kind()["shadow_answers"] == 2
    assert [one.answered for one in shadow_answers.totals(database)] == [3]


def test_without_stored_texts_there_is_nothing_to_answer(database, predict):
    predict("gone", kept=False)
    assert not shadow_answers.has_texts(database)
    predict("kept")
    assert shadow_answers.has_texts(database)


def test_many_are_read_in_portions(database, predict, monkeypatch):
    monkeypatch.setattr(shadow_answers, "_ROWS_AT_ONCE", 2)
    ids = [predict(f"text {number}", number) for number in range(3)]
    portions = list(shadow_answers.served_texts(database, [*ids, UUID(int=1)]))
    assert [len(each) for each in portions] == [2, 1]
