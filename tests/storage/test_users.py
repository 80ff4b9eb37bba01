import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from opinionlens.storage import Database, NameTaken, RecordNotFound, sessions, users
from opinionlens.storage.users import Role

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = "a" * 64


def test_a_user_is_found_however_the_name_is_written(database):
    added = users.add(database, " Ann ", "hash", at=NOON, role=Role.ADMIN)
    assert added.name == "ann"
    assert users.find(database, "ANN") == added
    assert users.find(database, "ａnn") == added
    assert users.find(database, "bob") is None
    assert added.created_at == added.password_changed_at == NOON


@pytest.mark.parametrize("name", ["Straße", "ﬀ", "İ", "\ud800", "a\0"])
def test_a_normal_name_is_normal(name):
    assert users.normal_name(users.normal_name(name)) == users.normal_name(name)


def test_printing_a_user_shows_no_hash(database):
    assert "argon" not in repr(users.add(database, "ann", "$argon2id$…", role=Role.ADMIN))


def test_the_first_user_is_an_admin_and_the_least_role_is_named_first(database):
    assert users.add_first(database, "admin", "hash").role is Role.ADMIN
    assert [role.value for role in Role] == ["viewer", "analyst", "admin"]


def test_a_role_can_be_changed(database):
    users.add(database, "ann", "hash", role=Role.VIEWER)
    users.set_role(database, "ANN", Role.ANALYST)
    assert users.find(database, "ann").role is Role.ANALYST
    with pytest.raises(RecordNotFound):
        users.set_role(database, "bob", Role.ADMIN)


def test_a_role_that_this_version_does_not_know_counts_as_the_least(database):
    users.add(database, "ann", "hash", role=Role.ADMIN)
    with database.writing() as connection:
        connection.execute(text("UPDATE users SET role = 'owner'"))
    assert users.find(database, "ann").role is Role.VIEWER


def test_a_name_is_taken_once(database):
    users.add(database, "ann", "hash", role=Role.ADMIN)
    with pytest.raises(NameTaken) as caught:
        users.add(database, "Ann", "other", role=Role.ADMIN)
    assert caught.value.status == 409
    assert users.find(database, "ann").password_hash == "hash"


def test_only_an_empty_house_gets_a_first_user(database):
    assert users.add_first(database, "admin", "hash").name == "admin"
    assert users.add_first(database, "other", "hash") is None
    assert [user.name for user in users.everybody(database)] == ["admin"]


def test_of_processes_that_start_at_once_one_adds_the_first_user(url, database):
    together = threading.Barrier(4)
    added = []

    def act():
        with closing(Database(url, wait_seconds=20)) as own:
            together.wait(20)
            added.append(users.add_first(own, "admin", "hash"))

    threads = [threading.Thread(target=act) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(user is None for user in added) == [False, True, True, True]
    assert users.count(database) == 1


def test_everybody_by_name(database):
    for name in ("cid", "ann", "bob"):
        users.add(database, name, "hash", role=Role.ADMIN)
    assert [user.name for user in users.everybody(database)] == ["ann", "bob", "cid"]


@pytest.fixture
def ann(database):
    user = users.add(database, "ann", "old", at=NOON, role=Role.ADMIN)
    expires = NOON + timedelta(days=10_000)
    sessions.add(database, token_hash=TOKEN, user_id=user.id, csrf_token="csrf", expires_at=expires)
    return user


def test_a_new_password_ends_the_users_sessions_and_nobody_elses(database, ann):
    bob = users.add(database, "bob", "hash", role=Role.ADMIN)
    later = NOON + timedelta(days=1)
    sessions.add(database, token_hash="b" * 64, user_id=bob.id, csrf_token="c", expires_at=later)
    users.set_password(database, "Ann", "new", at=later)
    changed = users.find(database, "ann")
    assert (changed.password_hash, changed.password_changed_at, changed.created_at) == ("new", later, NOON)
    assert sessions.find(database, TOKEN) is None
    assert sessions.find(database, "b" * 64, at=NOON) is not None


def test_a_hash_is_renewed_only_while_the_password_is_the_same(database, ann):
    assert users.renew_hash(database, ann, "renewed")
    assert users.find(database, "ann").password_hash == "renewed"
    assert users.find(database, "ann").password_changed_at == ann.password_changed_at
    assert sessions.find(database, TOKEN, at=NOON) is not None
    assert not users.renew_hash(database, ann, "of the old one")
    assert users.find(database, "ann").password_hash == "renewed"


def test_a_removed_user_is_logged_out(database, ann):
    users.remove(database, "ANN")
    assert users.find(database, "ann") is None
    assert sessions.find(database, TOKEN) is None


def test_who_is_not_there(database):
    with pytest.raises(RecordNotFound) as caught:
        users.remove(database, "ann")
    assert caught.value.status == 404
    with pytest.raises(RecordNotFound):
        users.set_password(database, "ann", "hash")
