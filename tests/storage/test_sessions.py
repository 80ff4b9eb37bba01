from datetime import UTC, datetime, timedelta

import pytest

from opinionlens.storage import RecordNotFound, sessions, users
from opinionlens.storage.users import Role

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=8)
TOKEN = "a" * 64


@pytest.fixture
def session(database):
    ann = users.add(database, "ann", "hash", role=Role.ADMIN)
    sessions.add(database, token_hash=TOKEN, user_id=ann.id, csrf_token="csrf", expires_at=LATER, at=NOON)
    return sessions.find(database, TOKEN, at=NOON)


def test_a_session_knows_its_user_and_its_csrf_token(session):
    assert (session.user_name, session.csrf_token) == ("ann", "csrf")
    assert (session.created_at, session.expires_at) == (NOON, LATER)
    assert "csrf=" not in repr(session)
    assert "'csrf'" not in repr(session)


def test_a_new_role_counts_for_sessions_that_are_there(database, session):
    assert session.role is Role.ADMIN
    users.set_role(database, "ann", Role.VIEWER)
    assert sessions.find(database, TOKEN, at=NOON).role is Role.VIEWER


def test_it_is_good_until_it_expires(database, session):
    assert sessions.find(database, TOKEN, at=LATER - timedelta(microseconds=1)) == session
    assert sessions.find(database, TOKEN, at=LATER) is None


def test_it_can_be_extended(database, session):
    sessions.extend(database, TOKEN, LATER + timedelta(hours=1))
    assert sessions.find(database, TOKEN, at=LATER) is not None


def test_it_can_be_ended(database, session):
    sessions.end(database, TOKEN)
    assert sessions.find(database, TOKEN, at=NOON) is None
    sessions.extend(database, TOKEN, LATER)
    sessions.end(database, TOKEN)
    assert sessions.find(database, TOKEN, at=NOON) is None


def test_expired_ones_are_deleted(database, session):
    assert sessions.delete_expired(database, at=LATER - timedelta(seconds=1)) == 0
    assert sessions.delete_expired(database, at=LATER + timedelta(seconds=1)) == 1


def test_nobody_can_have_no_session(database):
    with pytest.raises(RecordNotFound):
        sessions.add(database, token_hash=TOKEN, user_id=7, csrf_token="csrf", expires_at=LATER)


def test_a_token_itself_is_refused_where_its_hash_belongs(database):
    ann = users.add(database, "ann", "hash", role=Role.ADMIN)
    with pytest.raises(Exception, match="token_hash_is_sha256"):
        sessions.add(database, token_hash="token", user_id=ann.id, csrf_token="csrf", expires_at=LATER)
