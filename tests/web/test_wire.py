"""What a real server makes of our answers, and of clients that send no end of headers, or hardly any."""

from __future__ import annotations

import asyncio
import http.client
import logging
import pickle
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from opinionlens.server import bounded_connections, bounded_heads
from opinionlens.server.bounded_connections import BoundedHttp, allowed_seconds
from opinionlens.server.bounded_heads import BoundedHeads
from opinionlens.server.open_connections import ConnectionLimits
from opinionlens.web.http.middleware import HeadAsGet

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


def served(work: Callable[[int], T], app: ASGIApp = app, http: Any = BoundedHeads) -> T:
    """Return `work(port)`, done in a thread while a server answers there."""

    async def run() -> T:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            config = uvicorn.Config(app, http=http, lifespan="off", log_config=None, access_log=False)
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


@pytest.mark.parametrize(
    "fields", [b"X-A: b\r\n" * 101, b"X-A: " + b"a" * 40_000 + b"\r\n"], ids=["many", "long"]
)
def test_more_fields_than_anybody_sends_are_refused(fields: bytes) -> None:
    # Nothing comes after what is refused: an answer may be lost with what was not read.
    answer = served(lambda port: sent(port, [b"GET / HTTP/1.1\r\n", fields + b"\r\n"]))
    assert answer[:12] == b"HTTP/1.1 431"
    assert b'"code":"request_header_fields_too_large"' in answer


def test_a_hundred_fields_pass() -> None:
    whole = b"GET / HTTP/1.1\r\nConnection: close\r\n" + b"X-A: b\r\n" * 99 + b"\r\n"
    assert served(lambda port: sent(port, [whole])).startswith(b"HTTP/1.1 200")


def test_line_ends_between_requests_do_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_heads, "HEAD_SECONDS", 0.3)

    def drip() -> Iterable[bytes]:
        yield b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        for _ in range(600):
            time.sleep(0.1)
            yield b"\r\n"

    began = time.monotonic()
    served(lambda port: sent(port, drip()))
    assert time.monotonic() - began < 30  # it is 60 s until the last line end


class TestSlowClients:
    @pytest.fixture(autouse=True)
    def _is_impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bounded_connections, "TICK_SECONDS", 0.05)
        monkeypatch.setattr(bounded_connections, "BODY_SECONDS", 0.3)
        monkeypatch.setattr(bounded_connections, "MOST_BODY_SECONDS", 0.6)
        monkeypatch.setattr(bounded_connections, "READER_SECONDS", 0.3)
        monkeypatch.setattr(bounded_connections, "CLOSING_SECONDS", 0.3)

    @pytest.mark.parametrize("head", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
    def test_a_body_that_does_not_come_is_refused(self, head: bytes) -> None:
        whole = b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n"
        answer = served(lambda port: sent(port, [whole]), http=bounded())
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code":"request_timeout"' in answer
        assert b"onnection: close" in answer

    def test_nor_is_one_waited_for_that_nobody_reads(self) -> None:
        async def deaf(scope: Scope, receive: Receive, send: Send) -> None:
            await PlainTextResponse("not read")(scope, receive, send)

        def drip() -> Iterable[bytes]:
            yield b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
            for _ in range(600):
                time.sleep(0.1)
                yield b"a"

        began = time.monotonic()
        answer = served(lambda port: sent(port, drip()), deaf, bounded())
        assert answer.startswith(b"HTTP/1.1 200") or answer == b""
        assert time.monotonic() - began < 30

    def test_a_client_that_does_not_read_is_cut_off(self) -> None:
        ended: list[bool] = []

        async def endless(scope: Scope, receive: Receive, send: Send) -> None:
            async def pieces() -> Any:
                try:
                    for _ in range(1_000):
                        yield b"a" * 1_000_000
                finally:
                    ended.append(True)

            await StreamingResponse(pieces())(scope, receive, send)

        def work(port: int) -> None:
            with socket.create_connection(("127.0.0.1", port), _LONG) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                deadline = time.monotonic() + 60
                while not ended and time.monotonic() < deadline:
                    time.sleep(0.05)

        served(work, endless, bounded())
        assert ended


class TestManyConnections:
    def test_who_sends_at_once_is_answered_beside_any_number_that_do_not(self) -> None:
        def work(port: int) -> list[bytes]:
            half = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
            slow = []
            for number in range(40):
                slow.append(socket.create_connection(("127.0.0.1", port), _LONG))
                slow[-1].sendall((half, b"GET", b"")[number % 3])
            whole = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            answers = [sent(port, [whole])[:15] for _ in range(10)]
            for connection in slow:
                connection.close()
            return answers

        assert served(work, http=bounded(total=5)) == [b"HTTP/1.1 200 OK"] * 10

    def test_where_all_are_worked_on_the_next_is_told_to_come_back(self) -> None:
        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(1)
            await PlainTextResponse("whole")(scope, receive, send)

        def work(port: int) -> list[bytes]:
            whole = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            with ThreadPoolExecutor(2) as pool:
                first = [pool.submit(sent, port, [whole]) for _ in range(2)]
                time.sleep(0.4)
                return [sent(port, []), *(answer.result() for answer in first)]

        refused, *answers = served(work, slow, bounded(total=2))
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"etry-after: 1" in refused.lower()
        assert b'"code":"too_many_connections"' in refused
        assert [answer[-5:] for answer in answers] == [b"whole"] * 2


def bounded(*, total: int = 100) -> BoundedHttp:
    return BoundedHttp(ConnectionLimits(total=total, per_address=100, trusted_proxies=""))


def test_workers_get_a_copy() -> None:
    assert pickle.loads(pickle.dumps(bounded(total=7))) == bounded(total=7)  # noqa: S301 - our own


def test_a_body_may_take_as_long_as_its_bytes_justify() -> None:
    assert [allowed_seconds(count) for count in (0, 20_000, 110_000, 2_000_000)] == [10, 30, 120, 120]


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"


TINY_CHUNK = b"1\r\n \r\n"


@pytest.mark.parametrize("pieces", [1, 64])
def test_a_body_of_tiny_chunks_is_refused(pieces: int) -> None:
    """Each chunk costs as much as hundreds of bytes, and 300,000 of them fit into a small body."""
    whole = CHUNKED + TINY_CHUNK * 1_001
    size = len(whole) // pieces + 1
    parts = [whole[at : at + size] for at in range(0, len(whole), size)]
    # Nothing comes after what is refused: an answer may be lost with what was not read.
    answer = served(lambda port: sent(port, [*parts, TINY_CHUNK]), http=bounded())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"tiny chunks" in answer


def test_the_rest_of_many_tiny_chunks_is_not_read() -> None:
    whole = CHUNKED + TINY_CHUNK * 20_000 + b"0\r\n\r\n"
    answer = served(lambda port: sent(port, [whole]), http=bounded())
    assert answer[:13] in (b"HTTP/1.1 400 ", b"")


@pytest.mark.parametrize(("chunk", "times"), [(b" ", 1_000), (b" " * 64, 5_000), (b" " * 8_192, 200)])
def test_chunks_of_a_useful_size_or_number_pass(chunk: bytes, times: int) -> None:
    whole = CHUNKED + (b"%x\r\n%b\r\n" % (len(chunk), chunk)) * times + b"0\r\n\r\n"
    answer = served(lambda port: sent(port, [whole]), http=bounded())
    assert answer.endswith(b"%d bytes" % (len(chunk) * times))


def test_requests_that_wait_for_no_answer_are_bounded() -> None:
    answered = 0

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal answered
        answered += 1
        await PlainTextResponse("ok")(scope, receive, send)

    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    served(lambda port: sent(port, [request * 2_000]), counting, bounded())
    assert answered <= 101


def test_some_requests_may_be_sent_at_once() -> None:
    last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    requests = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 99 + last
    answer = served(lambda port: sent(port, [requests]), http=bounded())
    assert answer.count(b"HTTP/1.1 200 OK") == 100
