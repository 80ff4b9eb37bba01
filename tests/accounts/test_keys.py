"""Whose a key is: asked seldom, soon out of date, and kept for predictions while the database is away."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opinionlens.accounts.key_checks import Keys
from opinionlens.accounts.rights import Right
from opinionlens.accounts.tokens import (
    hash_token,
    is_key,
    is_token,
    new_key,
    new_token,
    same,
    shown_prefix,
)
from opinionlens.storage import Database, StorageUnavailable, api_keys, migrate
from opinionlens.storage.api_keys import ApiKey, Scope
from opinionlens.storage.columns import utc_now
from opinionlens.storage.records import Records


class CountingRecords(Records):
    """Counts questions, and can be away."""

    asked = 0
    is_away = False

    is_slow = False

    def write_later(self, *_: Any, **__: Any) -> None:
        """Leave undone what may be left undone."""

    async def read(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self.asked += 1
        await asyncio.sleep(3_600 if self.is_slow else 0)
        if self.is_away:
            raise StorageUnavailable("It is away.")
        return work(self.database, *args, **kwargs)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def records(tmp_path: Path) -> CountingRecords:
    url = f"sqlite:///{tmp_path / 'app.db'}"
    migrate(url)
    return CountingRecords(Database(url))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(records: CountingRecords, clock: Clock) -> Keys:
    return Keys(records, admin_key=None, clock=clock)


def add(records: Records, *scopes: Scope) -> tuple[int, str]:
    key = new_key()
    row = api_keys.add(
        records.database,
        key_hash=hash_token(key),
        prefix=shown_prefix(key),
        name="n",
        scopes=set(scopes),
        by="t",
    )
    return row.id, key


def test_a_good_key_is_asked_for_once_in_a_while(keys: Keys, records: CountingRecords, clock: Clock) -> None:
    async def ask() -> None:
        _, key = add(records, Scope.PREDICT)
        for _ in range(10):
            who = await keys.principal_of(key)
            assert who is not None
            assert (who.name, who.kind, who.rights) == ("key n", "key", {Right.PREDICT})
        assert records.asked == 1
        clock.now += 5
        assert await keys.principal_of(key)
        assert records.asked == 2

    asyncio.run(ask())


def test_a_revoked_key_is_good_no_longer_than_that(
    keys: Keys, records: CountingRecords, clock: Clock
) -> None:
    async def ask() -> None:
        number, key = add(records, Scope.ADMIN)
        assert await keys.principal_of(key)
        api_keys.revoke(records.database, number)
        clock.now += 4.9
        assert await keys.principal_of(key)
        clock.now += 0.1
        assert await keys.principal_of(key) is None
        records.is_away = True  # and it is not remembered as one that was good
        with pytest.raises(StorageUnavailable):
            await keys.principal_of(key)

    asyncio.run(ask())


def test_of_many_requests_at_once_one_asks(keys: Keys, records: CountingRecords) -> None:
    async def ask() -> None:
        _, key = add(records, Scope.PREDICT)
        answers = await asyncio.gather(*(keys.principal_of(key) for _ in range(50)))
        assert all(answers)
        assert records.asked == 1

    asyncio.run(ask())


def test_one_that_gives_up_does_not_take_the_answer_from_the_others(
    keys: Keys, records: CountingRecords
) -> None:
    async def ask() -> None:
        _, key = add(records, Scope.PREDICT)
        first, second = (asyncio.create_task(keys.principal_of(key)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert await second

    asyncio.run(ask())


def test_a_failure_that_nobody_waits_for_any_more_is_no_noise(records: CountingRecords) -> None:
    noise: list[object] = []

    class Slow(CountingRecords):
        async def read(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            await goes_on.wait()
            raise StorageUnavailable("It is away.")

    async def ask() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: noise.append(context))
        waiting = asyncio.create_task(Keys(Slow(records.database), admin_key=None).principal_of(new_key()))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        goes_on.set()
        for _ in range(5):
            await asyncio.sleep(0)
        gc.collect()

    goes_on = asyncio.Event()
    asyncio.run(ask())
    assert noise == []


def test_while_the_database_is_away_a_key_that_was_good_predicts_and_does_nothing_else(
    keys: Keys, records: CountingRecords, clock: Clock
) -> None:
    async def ask() -> None:
        _, key = add(records, Scope.PREDICT, Scope.ADMIN)
        assert await keys.principal_of(key)
        records.is_away = True
        clock.now += 599
        who = await keys.principal_of(key)
        assert who is not None
        assert who.rights == {Right.PREDICT}
        asked = records.asked
        assert await keys.principal_of(key)
        assert records.asked == asked, "it waits for the database with every request"
        clock.now += 5
        with pytest.raises(StorageUnavailable):
            await keys.principal_of(key)
        records.is_away = False
        who = await keys.principal_of(key)
        assert who is not None
        assert who.rights == set(Right)

    asyncio.run(ask())


def test_while_the_database_hangs_a_key_that_was_good_does_not_wait_for_it(
    keys: Keys, records: CountingRecords, clock: Clock
) -> None:
    async def ask() -> None:
        _, key = add(records, Scope.PREDICT, Scope.ADMIN)
        assert await keys.principal_of(key)
        records.is_slow = True
        clock.now += 5
        who = await asyncio.wait_for(keys.principal_of(key), 60)
        assert who is not None
        assert who.rights == {Right.PREDICT}

    asyncio.run(ask())


def test_one_that_was_never_seen_is_not_let_in_while_it_is_away(keys: Keys, records: CountingRecords) -> None:
    records.is_away = True
    with pytest.raises(StorageUnavailable):
        asyncio.run(keys.principal_of(new_key()))


def test_what_cannot_be_a_key_is_not_asked_for(keys: Keys, records: CountingRecords) -> None:
    async def ask() -> None:
        for given in ("", "x", "ol_", "ol_" + "A" * 42, "xx_" + "A" * 43, "ol_" + "ä" * 43, "\udcff" * 46):
            assert await keys.principal_of(given) is None

    asyncio.run(ask())
    assert records.asked == 0


def test_the_keys_that_are_remembered_are_bounded(records: CountingRecords, clock: Clock) -> None:
    keys = Keys(records, admin_key=None, clock=clock, most_kept=3)

    async def ask() -> None:
        made = [add(records, Scope.PREDICT)[1] for _ in range(5)]
        for key in made:
            await keys.principal_of(key)
        assert records.asked == 5
        for key in made[2:]:
            await keys.principal_of(key)
        assert records.asked == 5
        await keys.principal_of(made[0])
        assert records.asked == 6

    asyncio.run(ask())


def test_a_thousand_keys_are_remembered(tmp_path: Path, clock: Clock) -> None:
    class Good(CountingRecords):
        async def read(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            self.asked += 1
            return ApiKey(1, "ol_", "n", frozenset(Scope), utc_now(), "t", None, None)

    records = Good(Database(f"sqlite:///{tmp_path / 'unused.db'}"))
    keys = Keys(records, admin_key=None, clock=clock)
    made = [new_key() for _ in range(1_001)]

    async def ask() -> None:
        for key in made:
            await keys.principal_of(key)
        for key in made[1:]:
            await keys.principal_of(key)
        assert records.asked == 1_001
        await keys.principal_of(made[0])
        assert records.asked == 1_002

    asyncio.run(ask())


def test_while_the_database_is_away_a_key_is_trusted_for_ten_minutes(
    keys: Keys, records: CountingRecords, clock: Clock
) -> None:
    async def ask() -> None:
        _, key = add(records, Scope.PREDICT)
        assert await keys.principal_of(key)
        records.is_away = True
        clock.now = 599.9
        assert await keys.principal_of(key)
        clock.now = 604.8  # asked for anew only when five seconds have passed
        assert await keys.principal_of(key)
        clock.now = 604.9
        with pytest.raises(StorageUnavailable):
            await keys.principal_of(key)

    asyncio.run(ask())


def test_tokens_are_long_unlike_and_of_a_known_form() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(is_token(token) for token in tokens)
    key = new_key()
    assert is_key(key)
    assert len(key) == 46
    assert len(shown_prefix(key)) == 9
    assert len(hash_token(key)) == 64


@pytest.mark.parametrize(
    ("given", "expected", "is_same"), [("a", "a", True), ("a", "b", False), ("ä", "ä", True)]
)
def test_same(given: str, expected: str, is_same: bool) -> None:
    assert same(given, expected) is is_same
    assert not same("", "a")
    assert not same("\udcff", "a")
