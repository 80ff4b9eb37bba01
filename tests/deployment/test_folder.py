"""A folder in place of the registry: its model answers, may be replaced, and cannot be overruled."""

from __future__ import annotations

import asyncio
import os
import shutil

import pytest

from opinionlens.deployment.errors import ModelIsActive, ModelIsFromFolder, ModelNotLoaded
from opinionlens.deployment.fetching import FetchOrder

NAME = "opinionlens"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "given"


@pytest.fixture
def fill(folder, write_word_model):
    """A function that writes another artifact to the folder and returns the start of its digest."""

    def write(words):
        return write_word_model(folder, words)[:12]

    return write


@pytest.fixture
def rig(make_rig, folder):
    return make_rig(model_path=folder)


def test_its_model_answers_and_nothing_else_is_asked_or_recorded(rig, versions, registry, fill, until):
    digest = fill({"great": 1.5})

    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == digest)
            await asyncio.sleep(1.5)  # the champion would have been looked for
            assert await lifecycle.row() is None
            assert lifecycle.active.problems == []

    asyncio.run(work())
    assert rig.store.active.name == NAME
    assert registry.looks == 0
    assert rig.rows() == []
    assert rig.seen.swaps == ["activated"]
    assert rig.seen.registry_up == []
    assert not rig.store.cache.root.joinpath("last_good.json").exists()


def test_a_recorded_deployment_does_not_count_and_comes_back_without_the_folder(
    make_rig, versions, folder, fill, until
):
    before = make_rig()

    async def deploy():
        async with before.running():
            await until(lambda: before.version == 1)

    asyncio.run(deploy())
    digest = fill({"great": 1.5})
    during = make_rig(model_path=folder)

    async def serve_folder():
        async with during.running():
            await until(lambda: during.version == digest)

    asyncio.run(serve_folder())
    after = make_rig()

    async def serve_registry():
        async with after.running():
            await until(lambda: after.version == 1)

    asyncio.run(serve_registry())
    assert [row.version.number for row in after.rows()] == [1]


def test_another_artifact_in_it_is_taken_up(rig, fill, until):
    first = fill({"great": 1.5})

    async def work():
        async with rig.running():
            await until(lambda: rig.version == first)
            second = fill({"great": -1.5})
            await until(lambda: rig.version == second)

    asyncio.run(work())
    assert rig.seen.swaps == ["activated", "activated"]


def test_a_touched_artifact_is_no_other_one(rig, folder, fill, until):
    digest = fill({"great": 1.5})

    async def work():
        async with rig.running():
            await until(lambda: rig.version == digest)
            model = rig.store.active
            os.utime(folder / "manifest.json", (1, 1))
            await asyncio.sleep(1.5)
            assert rig.store.active is model

    asyncio.run(work())
    assert rig.seen.swaps == ["activated"]


@pytest.mark.parametrize(("broken", "words"), [("missing", "no classifier artifact"), ("damaged", "damaged")])
def test_a_broken_folder_is_said_and_answers_once_it_is_whole(rig, folder, fill, until, broken, words):
    digest = fill({"great": 1.5})
    whole = folder.with_name("whole")
    shutil.copytree(folder, whole)
    if broken == "missing":
        shutil.rmtree(folder)
    else:
        next(path for path in folder.iterdir() if path.suffix == ".npz").write_bytes(b"?")

    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: lifecycle.active.problems)
            (problem,) = lifecycle.active.problems
            assert "API__MODEL_PATH" in problem
            assert words in problem
            assert str(folder) not in problem  # the log has it
            assert rig.version is None
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(whole, folder)
            os.utime(folder / "manifest.json")
            await until(lambda: rig.version == digest)
            assert lifecycle.active.problems == []

    asyncio.run(work())
    assert rig.seen.swaps[0] == "refused"


def test_one_that_breaks_later_leaves_the_loaded_model(rig, folder, fill, until):
    digest = fill({"great": 1.5})

    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == digest)
            folder.rename(folder.with_name("away"))
            await until(lambda: lifecycle.active.problems)
            assert "goes on answering" in lifecycle.active.problems[0]
            await until(lambda: rig.seen.behind[-1] > 0)
            assert rig.version == digest
            folder.with_name("away").rename(folder)
            await until(lambda: not lifecycle.active.problems)
            await until(lambda: rig.seen.behind[-1] == 0)

    asyncio.run(work())
    assert rig.seen.models[-1].version == digest


def test_nobody_can_activate_another_version(rig, versions, fill, until):
    digest = fill({"great": 1.5})

    async def work():
        async with rig.running() as lifecycle:
            await until(lambda: rig.version == digest)
            fetch = await lifecycle.fetching.begin(FetchOrder(NAME, 2, False, "why", "ann"))
            await lifecycle.fetching.finished(fetch.fetch_id)
            for change in (
                lifecycle.activate(f"{NAME}-2", by="ann", why="better", expected=None),
                lifecycle.roll_back(by="ann", why="worse", expected=None),
                lifecycle.follow(by="ann", why="registry"),
            ):
                with pytest.raises(ModelIsFromFolder, match="API__MODEL_PATH"):
                    await change
            # It can be tried all the same, beside the one that answers.
            tried = await lifecycle.on_tried(f"{NAME}-2", lambda model: model.version)
            answering = await lifecycle.on_tried(f"{NAME}-{digest}", lambda model: model.version)
            assert (tried, answering) == (2, digest)

    asyncio.run(work())
    assert rig.version == digest
    assert rig.rows() == []


def test_it_stands_among_the_loaded_versions(rig, versions, fill, until):
    digest = fill({"great": 1.5})

    async def work():
        async with rig.running() as lifecycle:
            assert await lifecycle.loaded() == []
            await until(lambda: rig.version == digest)
            fetch = await lifecycle.fetching.begin(FetchOrder(NAME, 2, False, "why", "ann"))
            await lifecycle.fetching.finished(fetch.fetch_id)
            served, cached = await lifecycle.loaded()
            assert (served.cached.number, served.manifest.kind) == (digest, "linear")
            assert (lifecycle.is_active(served.cached), lifecycle.is_active(cached.cached)) == (True, False)
            assert (await lifecycle.find(f"{NAME}-{digest}")).cached == served.cached
            with pytest.raises(ModelIsActive, match="folder"):
                await lifecycle.delete(f"{NAME}-{digest}")
            with pytest.raises(ModelNotLoaded):
                await lifecycle.find(f"{NAME}-{'0' * 12}")

    asyncio.run(work())
