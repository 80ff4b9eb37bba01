"""When a session ends: after some time without use, and after a week whatever its use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opinionlens.accounts.browser_sessions import later_end
from opinionlens.storage.sessions import Session
from opinionlens.storage.users import Role

LOGIN = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURS_12 = timedelta(hours=12)


def session(*, ends_after: timedelta) -> Session:
    return Session(1, "ann", Role.VIEWER, "csrf", created_at=LOGIN, expires_at=LOGIN + ends_after)


@pytest.mark.parametrize(
    ("used_after", "ends_after"),
    [
        (timedelta(hours=2), timedelta(hours=14)),
        (timedelta(days=6), timedelta(days=6, hours=12)),
        (timedelta(days=6, hours=12), timedelta(days=7)),
        (timedelta(days=6, hours=20), timedelta(days=7)),
    ],
)
def test_use_moves_the_end_but_never_beyond_a_week(used_after: timedelta, ends_after: timedelta) -> None:
    before = session(ends_after=used_after + timedelta(minutes=1))
    assert later_end(before, LOGIN + used_after, HOURS_12) == LOGIN + ends_after


def test_after_a_week_nothing_moves_it() -> None:
    week = session(ends_after=timedelta(days=7))
    assert later_end(week, LOGIN + timedelta(days=6, hours=23), HOURS_12) is None


def test_it_is_written_down_when_it_moves_by_more_than_a_tenth() -> None:
    fresh = session(ends_after=HOURS_12)
    assert later_end(fresh, LOGIN + timedelta(minutes=72), HOURS_12) is None
    moved = later_end(fresh, LOGIN + timedelta(minutes=72, seconds=1), HOURS_12)
    assert moved == LOGIN + timedelta(hours=13, minutes=12, seconds=1)
