from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from opinionlens.storage import RecordNotFound, sessions, tool_sessions, users
from opinionlens.storage.users import Role

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SESSION, STATE = "a" * 64, "b" * 64


@pytest.fixture
def session(database):
    ann = users.add(database, "ann", "hash", role=Role.ANALYST)
    ends = NOON + timedelta(hours=8)
    sessions.add(database, token_hash=SESSION, user_id=ann.id, csrf_token="csrf", expires_at=ends, at=NOON)


def add_code(database, name="c", *, seconds=30, at=NOON):
    tool_sessions.add_code(
        database,
        code_hash=name * 64,
        session_hash=SESSION,
        tool="grafana",
        state=STATE,
        expires_at=at + timedelta(seconds=seconds),
        at=at,
    )


def test_a_code_is_taken_once(database, session):
    add_code(database)
    assert tool_sessions.take_code(database, "c" * 64, at=NOON) == tool_sessions.ToolCode(
        SESSION, "grafana", STATE
    )
    assert tool_sessions.take_code(database, "c" * 64, at=NOON) is None


def test_of_those_that_take_it_at_once_one_gets_it(database, session):
    add_code(database)
    together, taken = Barrier(4), []

    def take():
        together.wait(20)
        taken.append(tool_sessions.take_code(database, "c" * 64, at=NOON))

    threads = [Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(code is None for code in taken) == [False, True, True, True]


def test_an_expired_code_is_none_and_used_up(database, session):
    add_code(database)
    assert tool_sessions.take_code(database, "c" * 64, at=NOON + timedelta(seconds=30)) is None
    assert tool_sessions.take_code(database, "c" * 64, at=NOON) is None


def test_a_new_code_sends_expired_ones_away(database, session):
    add_code(database, "c")
    add_code(database, "d", at=NOON + timedelta(seconds=30))
    assert tool_sessions.take_code(database, "c" * 64, at=NOON) is None
    assert tool_sessions.take_code(database, "d" * 64, at=NOON) is not None


def test_a_login_is_of_one_tool_and_knows_its_user(database, session):
    tool_sessions.add(database, token_hash="t" * 64, session_hash=SESSION, tool="grafana")
    found = tool_sessions.find(database, "t" * 64, "grafana", at=NOON)
    assert (found.session.user_name, found.session.role) == ("ann", Role.ANALYST)
    assert found.session_hash == SESSION
    assert tool_sessions.find(database, "t" * 64, "mlflow", at=NOON) is None
    assert tool_sessions.find(database, "t" * 64, "grafana", at=NOON + timedelta(hours=8)) is None


def test_both_end_with_the_session(database, session):
    add_code(database)
    tool_sessions.add(database, token_hash="t" * 64, session_hash=SESSION, tool="grafana")
    sessions.end(database, SESSION)
    assert tool_sessions.find(database, "t" * 64, "grafana", at=NOON) is None
    assert tool_sessions.take_code(database, "c" * 64, at=NOON) is None


def test_without_a_session_there_is_neither(database):
    with pytest.raises(RecordNotFound):
        add_code(database)
    with pytest.raises(RecordNotFound):
        tool_sessions.add(database, token_hash="t" * 64, session_hash=SESSION, tool="grafana")


def test_a_token_itself_is_refused_where_its_hash_belongs(database, session):
    with pytest.raises(Exception, match="token_hash_is_sha256"):
        tool_sessions.add(database, token_hash="token", session_hash=SESSION, tool="grafana")
    with pytest.raises(Exception, match="code_hash_is_sha256"):
        tool_sessions.add_code(
            database, code_hash="code", session_hash=SESSION, tool="grafana", state=STATE, expires_at=NOON
        )
