"""Following: the row decides, the champion where nobody chose; with all away the last good one answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from opinionlens.base.errors import RegistryUnavailable
from opinionlens.classifiers.kinds import library_missing
from opinionlens.deployment.champion import is_wanted
from opinionlens.deployment.errors import FollowingIsOff
from opinionlens.registry.port import CHAMPION
from opinionlens.storage import deployments
from opinionlens.storage.deployments import Cause
from opinionlens.storage.errors import StorageUnavailable

NAME = "opinionlens"


def fetched(lifecycle, number):
    """Fetch a version and wait for it."""
    from opinionlens.deployment.fetching import FetchOrder

    async def work():
        fetch = await lifecycle.fetching.begin(FetchOrder(NAME, number, False, "why", "test"))
        return await lifecycle.fetching.finished(fetch.fetch_id)

    return work()


def test_the_champion_becomes_active_where_there_is_no_row_and_is_recorded(rig, versions, until):
    async def work():
        async with rig.running():
            await until(lambda: rig.seen.swaps)

    asyncio.run(work())
    (row,) = rig.rows()
    assert (row.by, row.cause, row.version.number) == ("champion", Cause.CHAMPION, 1)
    assert rig.seen.swaps == ["activated"]
    assert rig.seen.models[-1].version == 1


@pytest.mark.parametrize("follow", [True, False])
def test_a_new_champion_is_taken_up_only_when_following(make_rig, versions, registry, until, follow):
    rig = make_rig(follow=follow)

    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            looks = registry.looks
            registry.set_alias(NAME, CHAMPION, 2)
            if follow:
                await until(lambda: rig.version == 2)
            else:
                await asyncio.sleep(1.5)
                assert (rig.version, registry.looks) == (1, looks)
            assert lifecycle.champion.is_following is follow

    asyncio.run(work())
    assert [row.version.number for row in rig.rows()] == ([1, 2] if follow else [1])


def test_a_persons_choice_pauses_following_until_it_is_resumed(rig, versions, registry, until):
    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            await fetched(lifecycle, 3)
            await lifecycle.activate("opinionlens-3", by="ann", why="better", expected=1)
            assert not lifecycle.champion.is_following
            registry.set_alias(NAME, CHAMPION, 2)
            await asyncio.sleep(1.5)
            assert rig.version == 3
            row = await lifecycle.follow(by="ann", why="done with it")
            assert (row.cause, row.by, rig.version) == (Cause.CHAMPION, "ann", 2)
            registry.set_alias(NAME, CHAMPION, 1)
            await until(lambda: rig.version == 1)

    asyncio.run(work())


def test_following_cannot_be_resumed_where_the_settings_say_no(make_rig, versions, until):
    rig = make_rig(follow=False)

    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            with pytest.raises(FollowingIsOff):
                await lifecycle.follow(by="ann", why="please")

    asyncio.run(work())
    assert len(rig.rows()) == 1


def test_another_worker_follows_and_only_one_asks_the_registry(make_rig, versions, registry, until):
    first, second = make_rig(), make_rig()

    async def work():
        async with first.running() as lifecycle, second.running():
            await until(lambda: first.version == second.version == 1)
            assert len(first.rows()) == 1
            await fetched(lifecycle, 2)
            await lifecycle.activate("opinionlens-2", by="ann", why="try", expected=None)
            await until(lambda: second.version == 2)
            await lifecycle.follow(by="ann", why="back")
            await until(lambda: second.version == 1)
            looks = registry.looks
            await asyncio.sleep(2.2)
            assert registry.looks - looks <= 4

    asyncio.run(work())


def test_the_choice_survives_a_restart_though_the_registry_and_the_champion_differ(
    make_rig, versions, registry, until
):
    before, after = make_rig(), make_rig()

    async def choose():
        async with before.running() as lifecycle:
            await until(lambda: before.version == 1)
            await fetched(lifecycle, 2)
            await lifecycle.activate("opinionlens-2", by="ann", why="mine", expected=None)

    async def start_again():
        async with after.running() as lifecycle:
            await until(lambda: after.version == 2)
            await until(lambda: lifecycle.active.row is not None)
            await asyncio.sleep(1.5)
            assert after.version == 2

    asyncio.run(choose())
    registry.reachable = False
    asyncio.run(start_again())
    assert len(after.rows()) == 2


def test_a_start_with_everything_away_answers_with_the_last_good_version(make_rig, versions, registry, until):
    before, after = make_rig(), make_rig()

    async def choose():
        async with before.running():
            await until(lambda: before.version == 1 and before.rows())

    async def start_again():
        after.records.away = True
        async with after.running() as lifecycle:
            await until(lambda: after.version == 1)
            await until(lambda: lifecycle.active.database_problem is not None)
            with pytest.raises(StorageUnavailable):
                await lifecycle.activate("opinionlens-1", by="ann", why="now", expected=None)

    asyncio.run(choose())
    registry.reachable = False
    asyncio.run(start_again())


def test_the_row_wins_over_the_last_good_version(make_rig, versions, registry, until):
    """Another machine with the same database activated something while this one was off."""
    before, after = make_rig(), make_rig()

    async def choose():
        async with before.running() as lifecycle:
            await until(lambda: before.version == 1)
            await fetched(lifecycle, 2)
            await lifecycle.activate("opinionlens-2", by="ann", why="mine", expected=None)

    async def start_again():
        async with after.running():
            await until(lambda: after.version == 2)

    asyncio.run(choose())
    after.store.cache.discard(str(versions[1].digest))  # not even a copy: it is fetched
    card = after.store.cache.find(NAME, 1)
    after.store.cache.remember(card)
    asyncio.run(start_again())


def test_a_deployed_version_whose_library_is_missing_is_not_fetched_again(make_rig, versions, until):
    before, after = make_rig(), make_rig()

    async def choose():
        async with before.running() as lifecycle:
            await until(lambda: before.version == 1)
            await fetched(lifecycle, 2)
            await lifecycle.activate("opinionlens-2", by="ann", why="mine", expected=None)

    def lacks(path, digest):
        raise library_missing("onnx", "onnxruntime")

    async def start_without():
        after.store._load = lacks
        async with after.running() as lifecycle:
            await until(lambda: any("should be active" in one for one in lifecycle.active.problems))
            return lifecycle.active.problems

    asyncio.run(choose())
    downloads = after.registry.downloads
    problems = asyncio.run(start_without())
    assert any(
        "needs the package onnxruntime. Run `pip install 'opinionlens[onnx]'`" in one for one in problems
    )
    assert after.registry.downloads == downloads
    assert after.store.cache.holds(str(versions[1].digest))


def test_with_the_database_away_the_champion_answers_and_is_recorded_later(rig, versions, until):
    rig.records.away = True

    async def work():
        async with rig.running():
            await until(lambda: rig.version == 1)
            assert rig.rows() == []
            rig.records.away = False
            await until(rig.rows)
            assert rig.version == 1

    asyncio.run(work())
    assert rig.registry.downloads == 1
    assert [row.version.number for row in rig.rows()] == [1]


def test_with_the_database_away_what_answers_is_left_alone(rig, versions, registry, until):
    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            rig.records.away = True
            await until(lambda: lifecycle.active.database_problem is not None)
            registry.set_alias(NAME, CHAMPION, 2)
            await asyncio.sleep(1.5)
            assert rig.version == 1
            rig.records.away = False
            await until(lambda: rig.version == 2)

    asyncio.run(work())


def test_a_deployed_version_that_cannot_be_had_is_said_and_brought_later(make_rig, versions, registry, until):
    before, after = make_rig(), make_rig()

    async def choose():
        async with before.running() as lifecycle:
            await until(lambda: before.version == 1)
            await fetched(lifecycle, 2)
            await lifecycle.activate("opinionlens-2", by="ann", why="mine", expected=None)

    async def start_again():
        registry.reachable = False
        after.store.cache.remember(after.store.cache.find(NAME, 1))
        async with after.running() as lifecycle:
            await until(lambda: lifecycle.active.problems)
            assert after.version == 1
            assert "opinionlens 2 should be active" in str(after.store.problem)
            assert "failed" in after.seen.swaps
            registry.reachable = True
            await until(lambda: after.version == 2)
            await until(lambda: after.store.problem is None)

    asyncio.run(choose())
    after.store.cache.discard(str(versions[1].digest))
    asyncio.run(start_again())


def test_a_refused_champion_leaves_the_old_one_and_is_not_downloaded_again(
    rig, versions, register, registry, tmp_path, until
):
    async def work():
        async with rig.running():
            await until(lambda: rig.version == 1)
            downloads = registry.downloads
            registry.set_alias(NAME, CHAMPION, version.number)
            await until(lambda: rig.store.problem is not None)
            await asyncio.sleep(2.2)
            assert registry.downloads == downloads + 1
            assert rig.version == 1
            assert "damaged or was changed" in str(rig.store.problem)

    version = register({"great": 9.0})
    manifest = (tmp_path / "made" / "manifest.json").read_bytes()
    registry.replace_files(NAME, version.number, {"manifest.json": manifest, "weights.npz": b"other weights"})
    asyncio.run(work())
    assert rig.seen.swaps == ["activated", "refused"]


def test_a_foreign_champion_is_said(rig, versions, registry, until):
    async def work():
        async with rig.running():
            await until(lambda: rig.store.problem is not None)
            assert "pickle" in str(rig.store.problem)
            assert rig.version is None

    registry.set_alias(NAME, CHAMPION, registry.add_foreign(NAME).number)
    asyncio.run(work())


def test_surprises_end_no_watch(rig, versions, registry, until, monkeypatch):
    real, calls = registry.by_alias, []

    def moody(name, alias):
        calls.append(name)
        if len(calls) < 3:
            raise (ZeroDivisionError() if len(calls) == 1 else RegistryUnavailable("away"))
        return real(name, alias)

    monkeypatch.setattr(registry, "by_alias", moody)

    async def work():
        async with rig.running():
            await until(lambda: rig.version == 1)

    asyncio.run(work())
    assert len(calls) == 3
    assert rig.seen.registry_up[:1] == [False]


@pytest.mark.parametrize(
    ("has_row", "cause", "known", "has_active", "follows", "wanted"),
    [
        (False, None, True, False, False, True),
        (False, None, True, True, False, True),
        (True, Cause.CHAMPION, True, True, True, True),
        (True, Cause.CHAMPION, True, True, False, False),
        (True, Cause.ACTIVATION, True, True, True, False),
        (True, Cause.ROLLBACK, True, False, True, False),
        (False, None, False, False, False, True),
        (True, Cause.ACTIVATION, False, False, False, True),
        (True, Cause.CHAMPION, False, True, True, False),
    ],
)
def test_when_the_champion_is_wanted(has_row, cause, known, has_active, follows, wanted):
    class Row:
        pass

    row = Row() if has_row else None
    if row is not None:
        row.cause = cause
    assert is_wanted(row, row_is_known=known, has_active=has_active, follows=follows) is wanted


def test_the_time_behind_grows_until_the_deployed_version_answers(rig, versions, until):
    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            await until(lambda: rig.seen.behind and rig.seen.behind[-1] == 0)
            first = lifecycle.active.row
            missing = replace(first.version, number=99, digest="f" * 64)
            await record(rig, missing, first.number)
            await until(lambda: rig.seen.behind[-1] > 0.5)
            assert rig.version == 1
            await record(rig, first.version, lifecycle.active.row.number)
            await until(lambda: rig.seen.behind[-1] == 0)

    async def record(rig, version, expected):
        await rig.records.write(
            deployments.activate, version, expected=expected, by="ann", why="", cause=Cause.ACTIVATION
        )

    asyncio.run(work())


def test_a_registry_that_goes_and_comes_is_noticed_after_a_persons_choice(
    rig, versions, registry, until, monkeypatch
):
    real = registry.by_alias

    def away(name, alias):
        raise RegistryUnavailable("away")

    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            await fetched(lifecycle, 3)
            await lifecycle.activate("opinionlens-3", by="ann", why="better", expected=1)
            monkeypatch.setattr(registry, "by_alias", away)
            await until(lambda: rig.seen.registry_up[-1] is False)
            monkeypatch.setattr(registry, "by_alias", real)
            await until(lambda: rig.seen.registry_up[-1] is True)
            assert rig.version == 3

    asyncio.run(work())
