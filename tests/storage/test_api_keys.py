from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from opinionlens.storage import RecordNotFound, api_keys
from opinionlens.storage.api_keys import Scope
from opinionlens.storage.tables import api_keys as table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HASH = "c" * 64


@pytest.fixture
def key(database):
    return api_keys.add(
        database, key_hash=HASH, prefix="ol_abcd", name="CRM", scopes={Scope.PREDICT}, by="ann", at=NOON
    )


def test_a_key_is_found_by_its_hash(database, key):
    assert api_keys.find_good(database, HASH) == key
    assert (key.prefix, key.name, key.scopes) == ("ol_abcd", "CRM", {Scope.PREDICT})
    assert (key.created_by, key.created_at, key.last_used_at, key.revoked_at) == ("ann", NOON, None, None)
    assert api_keys.find_good(database, "d" * 64) is None


def test_a_key_itself_is_refused_where_its_hash_belongs(database):
    with pytest.raises(Exception, match="key_hash_is_sha256"):
        api_keys.add(database, key_hash="ol_secret", prefix="ol", name="x", scopes=set(), by="ann")
    assert api_keys.every_key(database) == []


@pytest.mark.parametrize("scopes", [set(), {Scope.ADMIN}, set(Scope)])
def test_scopes_come_back_as_they_went(database, scopes):
    assert api_keys.add(database, key_hash=HASH, prefix="p", name="n", scopes=scopes, by="a").scopes == scopes


def test_a_scope_of_a_newer_version_grants_nothing(database, key):
    with database.writing() as connection:
        connection.execute(update(table).values(scopes="admin2 predict"))
    assert api_keys.find_good(database, HASH).scopes == {Scope.PREDICT}


def test_use_is_recorded_once_a_minute(database, key):
    assert api_keys.mark_used(database, key, at=NOON)
    used = api_keys.find_good(database, HASH)
    assert used.last_used_at == NOON
    assert not api_keys.mark_used(database, used, at=NOON + timedelta(seconds=59))
    assert api_keys.find_good(database, HASH) == used
    assert api_keys.mark_used(database, used, at=NOON + timedelta(seconds=60))


def test_a_revoked_key_is_good_for_nothing_but_the_list(database, key):
    revoked = api_keys.revoke(database, key.id, at=NOON)
    assert revoked.revoked_at == NOON
    assert api_keys.find_good(database, HASH) is None
    assert api_keys.every_key(database) == [revoked]
    assert api_keys.revoke(database, key.id, at=NOON + timedelta(1)).revoked_at == NOON


def test_the_list_has_the_last_made_first(database, key):
    other = api_keys.add(database, key_hash="d" * 64, prefix="p", name="n", scopes=set(), by="ann")
    assert api_keys.every_key(database) == [other, key]


@pytest.mark.parametrize("key_id", [2, 0, -1, 10**30, -(10**30)])
def test_revoking_what_is_not_there(database, key, key_id):
    with pytest.raises(RecordNotFound):
        api_keys.revoke(database, key_id)
    assert api_keys.every_key(database) == [key]
