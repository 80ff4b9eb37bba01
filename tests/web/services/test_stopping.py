"""A process that is told to end says so at once to what could go on for long."""

from __future__ import annotations

import asyncio
import os
import signal

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
