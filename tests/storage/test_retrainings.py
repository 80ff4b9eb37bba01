"""Finished retrainings, on both databases."""

from datetime import UTC, datetime, timedelta

from opinionlens.storage import retrainings
from opinionlens.storage.retrainings import Retraining

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def one(minutes=0, outcome="refused", version=None):
    body = {"reasons": ["There is no gain"], "labels": {"new": 3}}
    return Retraining(NOON + timedelta(minutes=minutes), "abc", outcome, "words", version, 1, body)


def test_the_newest_comes_first_and_the_same_one_is_stored_once(database):
    retrainings.add(database, one(0, "proposed", 2))
    retrainings.add(database, one(5, "promoted", 2))
    retrainings.add(database, one(5, "promoted", 2))
    assert retrainings.newest(database) == [one(5, "promoted", 2), one(0, "proposed", 2)]
    assert retrainings.newest(database, limit=1)[0].reasons == ("There is no gain",)


def test_no_more_than_so_many_are_kept(database, monkeypatch):
    monkeypatch.setattr(retrainings, "MOST_KEPT", 3)
    for minutes in range(5):
        retrainings.add(database, one(minutes))
    assert [each.at for each in retrainings.newest(database)] == [one(minutes).at for minutes in (4, 3, 2)]
