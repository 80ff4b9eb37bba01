"""A process that is told to end says so at once to what could go on for long."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from opinionlens.web.services.stopping import Stopping


def test_a_signal_is_noted_and_passed_on_to_the_server() -> None:
    heard: list[int] = []

    async def serve() -> None:
        stopping = Stopping()
        with stopping.listening():
            assert not await stopping.within(0)
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(stopping.wait(), 30)
        assert stopping.is_set
        assert await stopping.within(0)

    servers = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        ours = signal.getsignal(signal.SIGTERM)
        asyncio.run(serve())
        assert signal.getsignal(signal.SIGTERM) is ours
    finally:
        signal.signal(signal.SIGTERM, servers)
    assert heard == [signal.SIGTERM]


def heard_by_the_server(*numbers: signal.Signals, drain_seconds: float) -> tuple[list[int], float]:
    """Send the signals; return what the server hears, and after how many seconds."""
    heard: list[int] = []

    async def serve() -> float:
        acted = asyncio.Event()

        def act(number: int, frame: object) -> None:
            heard.append(number)
            acted.set()

        before = {each: signal.signal(each, act) for each in (signal.SIGTERM, signal.SIGINT)}
        stopping = Stopping(drain_seconds=drain_seconds)
        began = time.monotonic()
        try:
            with stopping.listening():
                for number in numbers:
                    os.kill(os.getpid(), number)
                    await asyncio.wait_for(stopping.wait(), 30)
                await asyncio.wait_for(acted.wait(), 30)
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
        return time.monotonic() - began

    return heard, asyncio.run(serve())


def test_the_first_sigterm_reaches_the_server_after_the_time_for_draining() -> None:
    heard, seconds = heard_by_the_server(signal.SIGTERM, drain_seconds=0.3)
    assert heard == [signal.SIGTERM]
    assert seconds >= 0.3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_draining(number: signal.Signals) -> None:
    heard, seconds = heard_by_the_server(signal.SIGTERM, number, drain_seconds=60)
    assert heard == [number]
    assert seconds < 30


def test_an_interrupt_is_not_drained() -> None:
    assert heard_by_the_server(signal.SIGINT, drain_seconds=60)[0] == [signal.SIGINT]


def test_without_a_server_signals_keep_their_meaning() -> None:
    async def serve() -> None:
        with Stopping().listening():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        asyncio.run(serve())
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_another_thread_it_is_begun_by_hand() -> None:
    async def serve() -> bool:
        stopping = Stopping()
        with stopping.listening():
            stopping.begin()
            return await stopping.within(30)

    async def main() -> bool:
        return await asyncio.to_thread(asyncio.run, serve())

    assert asyncio.run(main())
