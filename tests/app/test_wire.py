"""What a real server makes of our answers, and of clients that send no end of headers, or hardly any."""

from __future__ import annotations

import asyncio
import http.client
import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from opinionlens.app import bounded_heads
from opinionlens.app.bounded_heads import BoundedHeads
from opinionlens.app.middleware import HeadAsGet

T = TypeVar("T")

_LONG = 300  # seconds; nobody waits for it unless the server hangs


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    async def pieces() -> Any:
        yield b"one"
        yield b"two"

    if scope["path"] == "/stream":
        await StreamingResponse(pieces())(scope, receive, send)
    else:
        body = await Request(scope, receive).body()
        await PlainTextResponse(f"{len(body)} bytes")(scope, receive, send)


def served(work: Callable[[int], T], app: ASGIApp = app) -> T:
    """Return `work(port)`, done in a thread while a server answers there."""

    async def run() -> T:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            config = uvicorn.Config(app, http=BoundedHeads, lifespan="off", log_config=None, access_log=False)
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                return await asyncio.to_thread(work, listener.getsockname()[1])
            finally:
                server.should_exit = True
                await serving

    return asyncio.run(run())


def sent(port: int, pieces: Iterable[bytes]) -> bytes:
    """Return all that comes back until the server hangs up."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), _LONG) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            while data := connection.recv(65_536):
                received += data
        except ConnectionError:  # it has hung up, and some of what was sent is lost
            pass
    return received


@pytest.mark.parametrize("address", ["/", "/stream"])
def test_head_leaves_the_connection_whole(address: str, caplog: pytest.LogCaptureFixture) -> None:
    def work(port: int) -> list[tuple[int, bytes]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_LONG)
        answers = []
        for method in ("HEAD", "GET", "HEAD", "GET"):
            connection.request(method, address)
            response = connection.getresponse()
            answers.append((response.status, response.read()))
        connection.close()
        return answers

    with caplog.at_level(logging.ERROR):
        answers = served(work, HeadAsGet(app))
    full = b"onetwo" if address == "/stream" else b"0 bytes"
    assert answers == [(200, b""), (200, full)] * 2
    assert not caplog.records


def test_endless_headers_are_refused() -> None:
    def work(port: int) -> bytes:
        return sent(port, [b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", *[b"a" * 65_536] * 200])

    assert served(work)[:12] in (b"HTTP/1.1 431", b"")  # the answer may be lost with what was not read


def test_an_endless_first_line_is_refused() -> None:
    def work(port: int) -> bytes:
        return sent(port, [b"GET /", *[b"a" * 65_536] * 200])

    assert served(work)[:12] in (b"HTTP/1.1 431", b"")


def test_a_head_and_a_body_of_the_usual_size_pass() -> None:
    head = b"POST /?text=" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    length = 3 * 128 * 1024
    whole = head + b"Content-Length: %d\r\n\r\n" % length + b"b" * length
    answer = served(lambda port: sent(port, [whole]))
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"%d bytes" % length)


def test_endless_trailers_are_refused() -> None:
    def work(port: int) -> bytes:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
        return sent(port, [head, *[b"X-A: " + b"a" * 65_536 + b"\r\n"] * 200])

    assert b"200 OK" not in served(work)


def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_heads, "HEAD_SECONDS", 0.2)
    assert served(lambda port: sent(port, [])) == b""
    assert served(lambda port: sent(port, [b"GET / HTTP/1.1\r\nHost:"])) == b""


def test_a_long_answer_is_not_cut_by_the_next_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_heads, "HEAD_SECONDS", 0.1)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.5)
        await PlainTextResponse("whole")(scope, receive, send)

    half = b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost:"
    assert served(lambda port: sent(port, [half]), slow).endswith(b"whole")
