"""The first user: made once, with a password that is shown once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr

from opinionlens.accounts.first_user import ensure_first_user
from opinionlens.base.setting_groups import SecuritySettings
from opinionlens.storage import Database, StorageUnavailable, migrate, users
from opinionlens.storage.users import Role

CHEAP = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)])


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'app.db'}"
    migrate(url)
    with closing(Database(url)) as database:
        yield database


def test_without_a_password_one_is_made_up_and_returned_once(database: Database) -> None:
    made_up = ensure_first_user(database, SecuritySettings(), hasher=CHEAP)
    assert made_up is not None
    user = users.find(database, "admin")
    assert user is not None
    assert CHEAP.verify(made_up, user.password_hash)
    assert "$m=8,t=1,p=1$" in user.password_hash  # by the hasher that was given
    assert ensure_first_user(database, SecuritySettings(), hasher=CHEAP) is None


def test_a_given_one_is_taken_and_not_returned(database: Database) -> None:
    settings = SecuritySettings(admin_username="Ann", admin_password=SecretStr("a fine day"))
    assert ensure_first_user(database, settings, hasher=CHEAP) is None
    user = users.find(database, "ann")
    assert user is not None
    assert CHEAP.verify("a fine day", user.password_hash)


def test_without_a_hasher_it_is_the_real_one(database: Database) -> None:
    ensure_first_user(database, SecuritySettings())
    user = users.find(database, "admin")
    assert user is not None
    assert "$m=47104,t=2,p=1$" in user.password_hash


def test_where_there_is_a_user_nothing_is_changed(database: Database) -> None:
    users.add(database, "bob", "hash", role=Role.ADMIN)
    settings = SecuritySettings(admin_password=SecretStr("a fine day"))
    assert ensure_first_user(database, settings, hasher=CHEAP) is None
    assert [user.name for user in users.everybody(database)] == ["bob"]


def test_of_several_that_start_at_once_one_makes_the_user(database: Database) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(
            pool.map(lambda _: ensure_first_user(database, SecuritySettings(), hasher=CHEAP), range(6))
        )
    (password,) = [one for one in made if one is not None]
    user = users.find(database, "admin")
    assert user is not None
    assert CHEAP.verify(password, user.password_hash)


def test_without_the_database_nobody_is_made() -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:9/nothing?connect_timeout=1"
    with closing(Database(url)) as database, pytest.raises(StorageUnavailable):
        ensure_first_user(database, SecuritySettings(), hasher=CHEAP)
