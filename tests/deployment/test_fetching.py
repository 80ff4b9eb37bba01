"""Fetching: in the background, seen by every process, all or nothing, with the reason."""

from __future__ import annotations

import asyncio
import errno
import threading

import pytest

from opinionlens.base.errors import (
    ArtifactTampered,
    DiskUnwritable,
    RegistryUnavailable,
    SelfTestFailed,
    ServingBusy,
    VersionNotFound,
    VersionNotServable,
)
from opinionlens.deployment.fetching import FetchOrder
from opinionlens.registry.port import CHAMPION
from opinionlens.serving.fetches import FetchState
from opinionlens.storage.errors import StorageUnavailable

NAME = "opinionlens"


def order(number, *, set_default=False, why="because"):
    return FetchOrder(NAME, number, set_default, why, "ann")


def test_progress_goes_from_waiting_to_done_with_bytes(rig, versions, registry, until):
    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            registry.begun.clear()
            registry.go_on.clear()
            begun = await lifecycle.fetching.begin(order(2))
            assert (begun.state, begun.bytes_done, begun.by) == (FetchState.WAITING, 0, "ann")
            await until(registry.begun.is_set)
            while (seen := await lifecycle.fetching.read(begun.fetch_id)).bytes_done == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert (seen.state, seen.bytes_done) == (FetchState.DOWNLOADING, 100)
            assert seen.bytes_total == int(versions[1].tags["bytes"])
            registry.go_on.set()
            done = await lifecycle.fetching.finished(begun.fetch_id)
            assert (done.state, done.bytes_done) == (FetchState.DONE, done.bytes_total)
            assert done.ended_at is not None
            assert rig.version == 1

    asyncio.run(work())


def test_a_second_order_joins_the_first_in_any_process(make_rig, versions, registry, until):
    first, second = make_rig(), make_rig()

    async def work():
        async with first.running() as one, second.running() as other:
            await until(lambda: first.version == second.version == 1)
            registry.begun.clear()
            registry.go_on.clear()
            downloads = registry.downloads
            begun = await one.fetching.begin(order(2))
            await until(registry.begun.is_set)
            assert (await one.fetching.begin(order(2))).fetch_id == begun.fetch_id
            assert (await other.fetching.begin(order(2))).fetch_id == begun.fetch_id
            assert [each.fetch_id for each in await other.fetching.latest()] == [begun.fetch_id]
            activating = await other.fetching.begin(order(2, set_default=True))
            assert activating.fetch_id != begun.fetch_id
            registry.go_on.set()
            await other.fetching.finished(begun.fetch_id)
            await other.fetching.finished(activating.fetch_id)
            assert registry.downloads == downloads + 1
            assert second.version == 2
            await until(lambda: first.version == 2)

    asyncio.run(work())
    assert (first.rows()[-1].why, first.rows()[-1].by) == ("because", "ann")


def failing_fetch(rig, registry, until, number, expected, *, prepare=lambda: None):
    """Fetch, and return how it ended; what answers stays, and nothing half-written is left."""

    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            prepare()
            begun = await lifecycle.fetching.begin(order(number, set_default=True))
            with pytest.raises(expected):
                await lifecycle.fetching.finished(begun.fetch_id)
            assert rig.version == 1
            assert rig.aside() == []
            cached = await lifecycle.cached_versions()
            assert [card.number for card in cached] == [1]
            return await lifecycle.fetching.read(begun.fetch_id)

    return asyncio.run(work())


def test_a_registry_killed_half_way_is_said(rig, versions, registry, until):
    def prepare():
        registry.failure = RegistryUnavailable("The registry's process ended.")

    ended = failing_fetch(rig, registry, until, 2, RegistryUnavailable, prepare=prepare)
    assert (ended.state, ended.problem) == (FetchState.FAILED, "The registry's process ended.")


def test_a_full_disk_is_said(rig, versions, registry, until):
    def prepare():
        registry.failure = OSError(errno.ENOSPC, "No space left on device")

    ended = failing_fetch(rig, registry, until, 2, DiskUnwritable, prepare=prepare)
    assert ended.state is FetchState.FAILED
    assert "The disk is full." in str(ended.problem)


def test_what_there_is_not_is_said(rig, versions, registry, until):
    ended = failing_fetch(rig, registry, until, 9, VersionNotFound)
    assert (ended.state, "no version 9" in str(ended.problem)) == (FetchState.FAILED, True)


def test_a_wrong_checksum_is_refused(rig, versions, registry, until, tmp_path):
    manifest = (tmp_path / "made" / "manifest.json").read_bytes()
    registry.replace_files(NAME, 3, {"manifest.json": manifest, "weights.npz": b"other weights"})
    ended = failing_fetch(rig, registry, until, 3, ArtifactTampered)
    assert ended.state is FetchState.REFUSED
    assert "damaged or was changed" in str(ended.problem)


def test_a_failing_self_test_is_refused(rig, versions, registry, until, monkeypatch):
    real = rig.store._load

    def load(path, digest):
        if digest == versions[1].digest:
            raise SelfTestFailed("Text 1 of the self-test differs by 0.1 from what was recorded.")
        return real(path, digest)

    monkeypatch.setattr(rig.store, "_load", load)
    ended = failing_fetch(rig, registry, until, 2, SelfTestFailed)
    assert (ended.state, "self-test" in str(ended.problem)) == (FetchState.REFUSED, True)


def test_a_foreign_version_is_refused_with_the_way_out(rig, versions, registry, until):
    foreign = registry.add_foreign(NAME)
    ended = failing_fetch(rig, registry, until, foreign.number, VersionNotServable)
    assert ended.state is FetchState.REFUSED
    assert "opinionlens promote" in str(ended.problem)


def test_a_fetch_that_cannot_be_recorded_keeps_the_version_and_changes_nothing(rig, versions, until):
    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            rig.records.away = True
            begun = await lifecycle.fetching.begin(order(2, set_default=True))
            with pytest.raises(StorageUnavailable):
                await lifecycle.fetching.finished(begun.fetch_id)
            ended = await lifecycle.fetching.read(begun.fetch_id)
            assert "It was fetched, but could not be activated." in str(ended.problem)
            assert rig.version == 1
            assert [card.number for card in await lifecycle.cached_versions()] == [2, 1]

    asyncio.run(work())
    assert len(rig.rows()) == 1


def test_a_fetch_outlives_whoever_ordered_it_but_not_its_process(rig, versions, registry, until):
    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            registry.begun.clear()
            registry.go_on.clear()
            begun = await lifecycle.fetching.begin(order(2))
            waiting = asyncio.create_task(lifecycle.fetching.finished(begun.fetch_id))
            await until(registry.begun.is_set)
            waiting.cancel()  # the tab is closed
            await asyncio.gather(waiting, return_exceptions=True)
            running = await lifecycle.fetching.read(begun.fetch_id)
            assert not running.state.is_final
            registry.go_on.set()
            await lifecycle.fetching.finished(begun.fetch_id)

    asyncio.run(work())


def test_an_end_of_the_process_is_seen_by_the_next(make_rig, versions, registry, until):
    before, after = make_rig(), make_rig()

    async def begin():
        async with before.running() as lifecycle:
            await until(lambda: before.version == 1)
            registry.begun.clear()
            registry.go_on.clear()
            fetch = await lifecycle.fetching.begin(order(2))
            await until(registry.begun.is_set)
            return fetch.fetch_id

    fetch_id = asyncio.run(begin())
    registry.go_on.set()

    async def look():
        async with after.running() as lifecycle:
            seen = await lifecycle.fetching.read(fetch_id)
            assert seen.state is FetchState.FAILED
            assert "process that fetched it ended" in str(seen.problem)
            again = await lifecycle.fetching.begin(order(2))
            await lifecycle.fetching.finished(again.fetch_id)

    asyncio.run(look())


def test_fetches_that_wait_are_bounded_and_hold_up_no_activation(
    rig, register, versions, registry, until, monkeypatch
):
    numbers = [
        register({f"word{number}": 1.0}).number for number in range(9)
    ]  # with versions 2 and 3: eleven
    go_on = threading.Event()
    real = registry.version

    def version(name, number):
        go_on.wait(60)
        return real(name, number)

    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            second = await lifecycle.fetching.begin(order(2))
            await lifecycle.fetching.finished(second.fetch_id)
            monkeypatch.setattr(registry, "version", version)
            begun = [await lifecycle.fetching.begin(order(number)) for number in (3, *numbers)]
            assert len(begun) == 10
            with pytest.raises(ServingBusy, match="10 fetches are not finished yet") as refused:
                await lifecycle.fetching.begin(order(1))
            assert (refused.value.status, bool(refused.value.remedy)) == (503, True)
            assert (await lifecycle.fetching.begin(order(3))).fetch_id == begun[0].fetch_id  # it joins
            activating = lifecycle.activate(f"{NAME}-2", by="ann", why="why", expected=None)
            await asyncio.wait_for(activating, 30)
            assert rig.version == 2
            go_on.set()
            for fetch in begun:
                await lifecycle.fetching.finished(fetch.fetch_id)
            again = await lifecycle.fetching.begin(order(1))
            await lifecycle.fetching.finished(again.fetch_id)

    try:
        asyncio.run(work())
    finally:
        go_on.set()


def test_a_fetched_version_whose_files_the_registry_has_lost_stays_good(rig, versions, registry, until):
    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1)
            for _ in range(2):
                begun = await lifecycle.fetching.begin(order(2))
                assert (await lifecycle.fetching.finished(begun.fetch_id)).state is FetchState.DONE
                registry.replace_files(NAME, 2, {})
            registry.set_alias(NAME, CHAMPION, 2)
            await until(lambda: rig.version == 2)
            await until(lambda: lifecycle.active.problems)
            (said,) = lifecycle.active.problems
            assert "opinionlens 2 answers from its verified copy here" in said
            assert "opinionlens promote" in said
            registry.replace_files(NAME, 3, {})
            lost = await lifecycle.fetching.begin(order(3))  # there is no copy of this one
            with pytest.raises(VersionNotServable, match="no longer in the artifact store"):
                await lifecycle.fetching.finished(lost.fetch_id)

    asyncio.run(work())
