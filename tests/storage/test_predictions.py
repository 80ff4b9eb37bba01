import hashlib
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain

import pytest

from opinionlens.storage import deleting, predictions
from opinionlens.text.labels import Label

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_row_comes_back_as_it_went(database, prediction):
    row = prediction("fine", label=Label.NEUTRAL, probabilities=(0.1, 0.8999999999999999, 1e-300))
    fallback = prediction("fine", model_name="lexicon", model_version=None, keep=False)
    predictions.write(database, [row, fallback])
    assert predictions.find(database, row.id) == row
    assert predictions.find(database, fallback.id) == fallback


def test_values_are_stored_as_their_columns_ask(database, prediction):
    berlin = timezone(timedelta(hours=1))
    row = prediction("a\0b\ud800c", model_name="n\0", at=NOON.astimezone(berlin))
    predictions.write(database, [row])
    found = predictions.find(database, row.id)
    assert (found.text, found.model_name) == ("a\ufffdb\ufffdc", "n\ufffd")
    assert (found.at, found.at.tzinfo) == (NOON, UTC)
    with pytest.raises(ValueError, match="zone"):
        predictions.write(database, [prediction(at=NOON.replace(tzinfo=None))])


def test_no_rows_are_no_work(database):
    predictions.write(database, [])


def test_writing_again_changes_nothing(database, prediction):
    row = prediction("first")
    other = prediction("other")
    predictions.write(database, [row])
    predictions.write(database, [prediction("second", id=row.id), other])
    assert predictions.find(database, row.id) == row
    assert predictions.find(database, other.id) == other


@pytest.mark.parametrize("rows", [4, 557, 1_001])
def test_any_number_of_rows_is_written_once(database, prediction, rows):
    """They go in statements of 500, 50, 5 and 1; one that is there already, or twice, stays as it was."""
    there = prediction("there")
    predictions.write(database, [there])
    later = NOON + timedelta(hours=1)
    new = [prediction(f"text {number}", at=later + timedelta(seconds=number)) for number in range(rows)]
    again = [prediction("again", id=there.id), prediction("again", id=new[0].id)]
    predictions.write(database, [*new, *again])
    found = predictions.newest(database, since=later, until=later + timedelta(hours=1))
    assert found == new[::-1]
    assert predictions.find(database, there.id) == there


def test_the_newest_of_a_window(database, prediction):
    rows = [prediction(at=NOON + timedelta(minutes=minute)) for minute in range(5)]
    predictions.write(database, rows)
    since, until = rows[1].at, rows[4].at
    assert predictions.newest(database, since=since, until=until) == [rows[3], rows[2], rows[1]]
    assert predictions.newest(database, since=since, until=until, limit=2) == [rows[3], rows[2]]


def test_one_versions_rows_in_pages(database, prediction, monkeypatch):
    monkeypatch.setattr(predictions, "_ROWS_AT_ONCE", 3)
    # Five of each moment, so that a page ends within one.
    rows = [prediction(at=NOON + timedelta(minutes=number // 5)) for number in range(10)]
    other = prediction(at=NOON, model_version=99)
    fallback = prediction(at=NOON, model_version=None)
    predictions.write(database, [*rows, other, fallback])
    expected = sorted(rows, key=lambda row: (row.at, row.id), reverse=True)

    def found(version=rows[0].model_version, since=None, until=NOON + timedelta(days=1), limit=None):
        pages = predictions.pages(
            database,
            model_name=rows[0].model_name,
            model_version=version,
            since=since,
            until=until,
            limit=limit,
        )
        return list(pages)

    assert [len(page) for page in found()] == [3, 3, 3, 1]
    assert list(chain(*found())) == expected
    assert [len(page) for page in found(limit=7)] == [3, 3, 1]
    assert list(chain(*found(limit=7))) == expected[:7]
    assert list(chain(*found(since=NOON + timedelta(minutes=1)))) == expected[:5]
    assert list(chain(*found(until=NOON + timedelta(minutes=1)))) == expected[5:]
    assert found(version=None) == [[fallback]]
    assert found(version=1_000) == []


def test_old_rows_are_deleted_in_portions(database, prediction, monkeypatch):
    monkeypatch.setattr(deleting, "_ROWS_AT_ONCE", 3)
    old = [prediction(at=NOON - timedelta(seconds=second)) for second in range(1, 8)]
    new = prediction(at=NOON)
    predictions.write(database, [*old, new])
    assert predictions.delete_before(database, NOON) == 7
    assert predictions.delete_before(database, NOON) == 0
    assert predictions.newest(database, since=NOON - timedelta(days=1), until=NOON + timedelta(1)) == [new]


def test_old_texts_are_forgotten_and_their_rows_stay(database, prediction):
    old, bare, new = (
        prediction("old", at=NOON - timedelta(1)),
        prediction(at=NOON - timedelta(1), keep=False),
        prediction("new", at=NOON),
    )
    predictions.write(database, [old, bare, new])
    assert predictions.forget_texts(database, NOON) == 1
    assert predictions.find(database, old.id).text is None
    assert predictions.find(database, old.id).text_hash == hashlib.sha256(b"old").hexdigest()
    assert predictions.find(database, new.id) == new


def test_any_text_has_a_hash():
    assert predictions.hash_text("é") == hashlib.sha256(b"\xc3\xa9").hexdigest()
    assert predictions.hash_text("\ud800") != predictions.hash_text("\ud801")
