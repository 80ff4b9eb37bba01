"""Writes are passed on together, in order, and before the connection closes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest

from opinionlens.server.gathered_writes import GatheredWrites


class Wire(asyncio.Transport):
    """A transport that keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Any] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.told.append(bytes(data))

    def close(self) -> None:
        self.told.append("close")

    def abort(self) -> None:
        self.told.append("abort")

    def is_closing(self) -> bool:
        return "close" in self.told

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("127.0.0.1", 5)}.get(name, default)

    def pause_reading(self) -> None:
        self.told.append("pause")

    def resume_reading(self) -> None:
        self.told.append("resume")


@pytest.fixture
def wire() -> Wire:
    return Wire()


def on_a_loop(test: Callable[[Wire], Coroutine[Any, Any, None]]) -> Callable[[Wire], None]:
    @wraps(test)
    def run(wire: Wire) -> None:
        asyncio.run(test(wire))

    return run


@on_a_loop
async def test_head_and_body_go_in_one_piece(wire: Wire) -> None:
    gathered = GatheredWrites(wire, asyncio.get_running_loop())
    gathered.write(b"HTTP/1.1 200 OK\r\n\r\n")
    gathered.write(bytearray(b"bo"))
    gathered.write(memoryview(b"dy"))
    assert wire.told == []
    await asyncio.sleep(0)
    assert wire.told == [b"HTTP/1.1 200 OK\r\n\r\nbody"]
    gathered.write(b"next")
    await asyncio.sleep(0)
    assert wire.told == [b"HTTP/1.1 200 OK\r\n\r\nbody", b"next"]


@on_a_loop
async def test_what_is_written_in_turns_goes_in_turns(wire: Wire) -> None:
    """A stream's first part does not wait for the second."""
    gathered = GatheredWrites(wire, asyncio.get_running_loop())
    for part in (b"one", b"two"):
        gathered.write(part)
        await asyncio.sleep(0)
    assert wire.told == [b"one", b"two"]


@on_a_loop
async def test_much_is_passed_on_at_once(wire: Wire) -> None:
    gathered = GatheredWrites(wire, asyncio.get_running_loop())
    gathered.write(b"x" * 65_536)
    assert wire.told == []
    gathered.write(b"y")
    assert wire.told == [b"x" * 65_536 + b"y"]
    await asyncio.sleep(0)
    assert len(wire.told) == 1


@on_a_loop
async def test_closing_writes_first(wire: Wire) -> None:
    gathered = GatheredWrites(wire, asyncio.get_running_loop())
    gathered.write(b"last words")
    gathered.close()
    assert gathered.is_closing()
    assert wire.told == [b"last words", "close"]
    await asyncio.sleep(0)
    assert wire.told == [b"last words", "close"]


@on_a_loop
async def test_aborting_writes_nothing(wire: Wire) -> None:
    gathered = GatheredWrites(wire, asyncio.get_running_loop())
    gathered.write(b"x" * 65_000)
    gathered.abort()
    await asyncio.sleep(0)
    assert wire.told == ["abort"]
    gathered.write(b"y" * 65_000)  # too little to be passed on: what was lost no longer counts
    assert wire.told == ["abort"]


@on_a_loop
async def test_all_else_is_the_transports(wire: Wire) -> None:
    gathered = GatheredWrites(wire, asyncio.get_running_loop())
    gathered.pause_reading()
    gathered.resume_reading()
    assert wire.told == ["pause", "resume"]
    assert gathered.get_extra_info("peername") == ("127.0.0.1", 5)
    assert gathered.get_extra_info("sslcontext", "none") == "none"
    assert not gathered.is_closing()
