"""The pool: order kept, turns taken, one too many refused."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Sequence

import pytest

from opinionlens.base.errors import ServingBusy
from opinionlens.base.logs import request_id
from opinionlens.serving.batching import BatchPool


def shout(items: Sequence[str]) -> list[str]:
    return [item.upper() for item in items]


@pytest.mark.parametrize("count", [0, 1, 50, 51, 149])
def test_results_keep_the_order_of_the_items(count: int) -> None:
    pool = BatchPool(threads=2, queue=1)
    items = [f"a{number}" for number in range(count)]
    assert asyncio.run(pool.run(shout, items)) == [item.upper() for item in items]
    pool.close()


def test_the_event_loop_stays_free_and_jobs_take_turns() -> None:
    pool = BatchPool(threads=1, queue=4)
    order: list[str] = []

    def note(items: Sequence[str]) -> list[str]:
        assert threading.current_thread() is not threading.main_thread()
        order.append(items[0])
        return list(items)

    async def both() -> None:
        await asyncio.gather(pool.run(note, ["a"] * 150), pool.run(note, ["b"]))

    asyncio.run(both())
    pool.close()
    assert sorted(order) == ["a", "a", "a", "b"]
    assert order[-1] == "a", "the short job waited for all of the long one"


def test_one_job_too_many_is_refused_and_room_comes_back() -> None:
    pool = BatchPool(threads=1, queue=1)
    gate = threading.Event()

    def wait(items: Sequence[str]) -> list[str]:
        gate.wait(5)
        return list(items)

    async def crowd() -> None:
        jobs = [asyncio.create_task(pool.run(wait, ["x"])) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ServingBusy):
            await pool.run(wait, ["x"])
        gate.set()
        await asyncio.gather(*jobs)
        assert await pool.run(wait, ["y"]) == ["y"]

    asyncio.run(crowd())
    pool.close()


def test_an_error_reaches_the_caller_and_frees_the_place() -> None:
    pool = BatchPool(threads=1, queue=1)

    def fail(items: Sequence[str]) -> list[str]:
        raise ValueError("no")

    async def three_times() -> None:
        for _ in range(3):
            with pytest.raises(ValueError, match="no"):
                await pool.run(fail, ["x"])

    asyncio.run(three_times())
    pool.close()


def test_threads_know_the_request_that_they_work_for() -> None:
    pool = BatchPool(threads=1, queue=1)

    async def as_request(ident: str) -> list[str]:
        request_id.set(ident)
        return await pool.run(lambda items: [str(request_id.get()) for _ in items], ["x"])

    async def two() -> None:
        assert await asyncio.gather(as_request("a"), as_request("b")) == [["a"], ["b"]]

    asyncio.run(two())
    pool.close()


def test_threads_take_short_turns_while_there_is_work() -> None:
    pool = BatchPool(threads=1, queue=1)
    before = sys.getswitchinterval()

    def look(items: Sequence[str]) -> list[float]:
        return [sys.getswitchinterval() for _ in items]

    (during,) = asyncio.run(pool.run(look, ["x"]))
    pool.close()
    assert during == pytest.approx(0.0005)
    assert sys.getswitchinterval() == before


def test_what_is_taken_of_the_room_is_told_in_its_own_unit() -> None:
    told: list[float] = []
    pool = BatchPool(threads=2, queue=3, on_depth=told.append)
    assert pool.room == 5

    async def both() -> None:
        await asyncio.gather(pool.run(shout, ["a"]), pool.run(shout, ["b"]))

    asyncio.run(both())
    pool.close()
    assert told[:2] == [1, 2]
    assert told[-1] == 0


def test_a_single_text_does_not_wait_for_batches() -> None:
    pool = BatchPool(threads=1, queue=1)
    gate = threading.Event()

    def wait(items: Sequence[str]) -> list[str]:
        assert gate.wait(30)
        return list(items)

    async def crowd() -> str:
        batches = [asyncio.create_task(pool.run(wait, ["x"])) for _ in range(2)]
        await asyncio.sleep(0)
        answer = await pool.run_single(lambda: threading.current_thread().name)
        gate.set()  # only now do the batches end
        await asyncio.gather(*batches)
        return answer

    assert asyncio.run(crowd()).startswith("single")
    pool.close()


def test_single_texts_have_a_bound_of_their_own() -> None:
    pool = BatchPool(threads=1, queue=1)
    gate = threading.Event()

    async def crowd() -> None:
        waiting = [asyncio.create_task(pool.run_single(lambda: gate.wait(30))) for _ in range(16)]
        await asyncio.sleep(0)
        with pytest.raises(ServingBusy):
            await pool.run_single(lambda: True)
        gate.set()
        assert all(await asyncio.gather(*waiting))
        assert await pool.run_single(lambda: "room again") == "room again"

    asyncio.run(crowd())
    pool.close()


def test_chunks_are_as_small_as_asked_for() -> None:
    pool = BatchPool(threads=1, queue=0)
    sizes = asyncio.run(pool.run(lambda items: [len(items)] * len(items), ["x"] * 20, chunk_items=8))
    pool.close()
    assert sizes == [8] * 16 + [4] * 4
