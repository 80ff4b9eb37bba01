"""Activating, rolling back, deleting, trying: recorded first, loaded before, and never by two at once."""

from __future__ import annotations

import asyncio
import threading

import pytest

from opinionlens.base.errors import ArtifactTampered, RegistryUnavailable, ServingBusy
from opinionlens.deployment.errors import ModelIsActive, ModelNotLoaded
from opinionlens.deployment.fetching import FetchOrder
from opinionlens.deployment.model_ids import model_id_of, name_and_number
from opinionlens.storage.deployments import Cause
from opinionlens.storage.errors import DeploymentConflict, NoEarlierDeployment, StorageUnavailable

NAME = "opinionlens"


def with_loaded(rig, until, work, numbers=(2, 3)):
    """Run `work(lifecycle)` with the champion active and these versions loaded."""

    async def run():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == 1 and rig.rows())
            for number in numbers:
                fetch = await lifecycle.fetching.begin(FetchOrder(NAME, number, False, "why", "ann"))
                await lifecycle.fetching.finished(fetch.fetch_id)
            return await work(lifecycle)

    return asyncio.run(run())


def activate(lifecycle, number, expected=None):
    return lifecycle.activate(f"{NAME}-{number}", by="ann", why="better", expected=expected)


def test_activating_records_who_and_why_and_answers_at_once(rig, versions, until):
    async def work(lifecycle):
        row = await activate(lifecycle, 2, expected=1)
        assert rig.version == 2
        assert (row.number, row.by, row.why, row.cause) == (2, "ann", "better", Cause.ACTIVATION)
        assert (row.previous.number, row.version.digest) == (1, versions[1].digest)

    with_loaded(rig, until, work)


def test_of_two_who_activate_at_once_one_is_told(make_rig, versions, until):
    first, second = make_rig(), make_rig()

    async def work(lifecycle):
        async with second.running() as other:
            await until(lambda: second.version == 1)
            both = activate(lifecycle, 2, expected=1), activate(other, 3, expected=1)
            outcomes = await asyncio.gather(*both, return_exceptions=True)
            failed = [each for each in outcomes if isinstance(each, BaseException)]
            (won,) = [each for each in outcomes if not isinstance(each, BaseException)]
            assert [type(each) for each in failed] == [DeploymentConflict]
            await until(lambda: first.version == second.version == won.version.number)

    with_loaded(first, until, work)
    assert len(first.rows()) == 2


def test_of_two_in_one_process_without_expectations_one_is_told(rig, versions, until):
    async def work(lifecycle):
        outcomes = await asyncio.gather(
            activate(lifecycle, 2), activate(lifecycle, 3), return_exceptions=True
        )
        assert sorted(type(each).__name__ for each in outcomes) == ["Deployment", "DeploymentConflict"]

    with_loaded(rig, until, work)
    assert len(rig.rows()) == 2


def test_a_stale_expectation_is_refused_before_anything_is_loaded(rig, versions, until, monkeypatch):
    async def work(lifecycle):
        monkeypatch.setattr(rig.store, "load_cached", None)
        with pytest.raises(DeploymentConflict):
            await activate(lifecycle, 2, expected=0)
        assert rig.version == 1

    with_loaded(rig, until, work)


def test_rolling_back_goes_one_step_and_then_further(rig, versions, until):
    async def work(lifecycle):
        await activate(lifecycle, 2)
        await activate(lifecycle, 3)
        row = await lifecycle.roll_back(by="ann", why="bad", expected=3)
        assert (row.cause, row.version.number, row.restores, rig.version) == (Cause.ROLLBACK, 2, 2, 2)
        await lifecycle.roll_back(by="ann", why="worse", expected=None)
        assert rig.version == 1
        with pytest.raises(NoEarlierDeployment):
            await lifecycle.roll_back(by="ann", why="more", expected=None)

    with_loaded(rig, until, work)
    assert rig.seen.swaps[-2:] == ["rolled_back", "rolled_back"]


def test_a_deleted_rollback_target_is_fetched_again_or_nothing_changes(rig, versions, registry, until):
    async def work(lifecycle):
        await activate(lifecycle, 2)
        await lifecycle.delete("opinionlens-1")
        registry.reachable = False
        with pytest.raises(RegistryUnavailable):
            await lifecycle.roll_back(by="ann", why="bad", expected=None)
        assert (rig.version, len(rig.rows())) == (2, 2)
        registry.reachable = True
        await lifecycle.roll_back(by="ann", why="bad", expected=None)
        assert rig.version == 1

    with_loaded(rig, until, work)


def test_the_database_away_changes_nothing(rig, versions, until):
    async def work(lifecycle):
        await activate(lifecycle, 2)
        rig.records.away = True
        for change in (
            activate(lifecycle, 3),
            lifecycle.roll_back(by="ann", why="bad", expected=None),
            lifecycle.delete("opinionlens-3"),
        ):
            with pytest.raises(StorageUnavailable):
                await change
        assert rig.version == 2
        assert len(await lifecycle.cached_versions()) == 3

    with_loaded(rig, until, work)
    assert len(rig.rows()) == 2


def test_an_outage_between_loading_and_recording_changes_nothing(rig, versions, until, monkeypatch):
    async def work(lifecycle):
        real = rig.store.load_cached

        def load_and_lose_the_database(cached):
            rig.records.away = True
            return real(cached)

        monkeypatch.setattr(rig.store, "load_cached", load_and_lose_the_database)
        with pytest.raises(StorageUnavailable):
            await activate(lifecycle, 2)
        assert rig.version == 1

    with_loaded(rig, until, work)
    assert len(rig.rows()) == 1


def test_a_copy_damaged_here_is_fetched_again_or_refused(rig, versions, registry, until):
    async def work(lifecycle):
        weights = rig.store.cache.artifact(str(versions[1].digest)) / "weights.npz"
        weights.write_bytes(b"rot")
        await activate(lifecycle, 2)
        assert rig.version == 2
        weights = rig.store.cache.artifact(str(versions[2].digest)) / "weights.npz"
        weights.write_bytes(b"rot")
        registry.reachable = False
        with pytest.raises(RegistryUnavailable):
            await activate(lifecycle, 3)
        assert (rig.version, len(rig.rows())) == (2, 2)

    with_loaded(rig, until, work)


def test_another_content_under_the_same_number_is_not_activated(rig, versions, registry, until):
    async def work(lifecycle):
        await activate(lifecycle, 2)
        rig.store.cache.discard(str(versions[0].digest))
        registry._models[NAME].entries[1].tags["digest"] = "0" * 64
        with pytest.raises(ArtifactTampered, match="another artifact"):
            await lifecycle.roll_back(by="ann", why="bad", expected=None)
        assert (rig.version, len(rig.rows())) == (2, 2)

    with_loaded(rig, until, work)


def test_what_is_active_anywhere_cannot_be_deleted(make_rig, versions, until):
    rig, other = make_rig(), make_rig()

    async def work(lifecycle):
        with pytest.raises(ModelIsActive):
            await lifecycle.delete("opinionlens-1")
        async with other.running() as elsewhere:
            await until(lambda: other.version == 1)
            await activate(elsewhere, 2)
            with pytest.raises(ModelIsActive):
                await lifecycle.delete("opinionlens-2")
        await lifecycle.delete("opinionlens-3")
        assert [card.number for card in await lifecycle.cached_versions()] == [2, 1]
        with pytest.raises(ModelNotLoaded):
            await lifecycle.delete("opinionlens-3")

    with_loaded(rig, until, work)


def test_a_loaded_version_is_tried_while_another_answers(rig, versions, until):
    async def work(lifecycle):
        for number, label in ((2, "NEGATIVE"), (2, "NEGATIVE"), (3, "POSITIVE")):
            prediction = await lifecycle.on_tried(
                f"{NAME}-{number}", lambda model: model.classifier.predict("great")
            )
            assert prediction.label == label
        assert rig.version == 1
        assert freed == [2]

    freed = []
    rig.store.free = lambda model: freed.append(model.version) if freed is not None else None

    async def counted(lifecycle):
        freed.clear()
        await work(lifecycle)

    with_loaded(rig, until, counted)
    assert rig.seen.swaps == ["activated"]


def version_of(model):
    return None if model is None else model.version


def test_the_newest_of_the_newer_versions_is_the_challenger(rig, versions, until):
    async def work(lifecycle):
        assert await lifecycle.on_challenger(version_of) == 3
        await activate(lifecycle, 3)
        assert await lifecycle.on_challenger(version_of) is None
        await activate(lifecycle, 2)
        assert await lifecycle.on_challenger(version_of) == 3

    with_loaded(rig, until, work)


def test_a_damaged_challenger_is_passed_over(rig, versions, until):
    async def work(lifecycle):
        [weights] = rig.store.cache.artifact(versions[2].digest).glob("*.npz")
        weights.chmod(0o600)
        weights.write_bytes(b"damaged")
        assert await lifecycle.on_challenger(version_of) is None

    with_loaded(rig, until, work)


@pytest.mark.parametrize(
    "model_id", ["", "opinionlens", "opinionlens-", "opinionlens-0", "-1", "a-01", "a-1x"]
)
def test_what_is_no_id_is_not_found(model_id):
    with pytest.raises(ModelNotLoaded):
        name_and_number(model_id)


def test_an_id_is_split_at_the_last_dash():
    assert name_and_number(model_id_of("my-own model", 12)) == ("my-own model", 12)


def test_lists_that_wait_for_the_registry_hold_up_no_activation(rig, versions, registry, until, monkeypatch):
    go_on = threading.Event()

    def names():
        go_on.wait(60)
        return []

    monkeypatch.setattr(registry, "names", names)

    async def work(lifecycle):
        lists = [asyncio.create_task(lifecycle.registered(limit=1, offset=0, name=None)) for _ in range(20)]
        try:
            await asyncio.sleep(0.1)
            await asyncio.wait_for(activate(lifecycle, 2), 30)
            assert rig.version == 2
            ended = [one for one in lists if one.done()]
            assert len(ended) == 12  # eight wait, and no more
            assert all(isinstance(one.exception(), ServingBusy) for one in ended)
        finally:
            go_on.set()
        await asyncio.gather(*lists, return_exceptions=True)
        assert (await lifecycle.registered(limit=1, offset=0, name=None)).total == 0

    with_loaded(rig, until, work)
