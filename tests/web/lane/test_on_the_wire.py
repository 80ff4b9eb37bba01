"""A real server sends the same bytes with the lane and without it, but for ids and the date."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from tests.support.two_ways import without_ids
from tests.support.waiting import wait_until

from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.server.bounded_connections import BoundedHttp
from opinionlens.server.open_connections import ConnectionLimits
from opinionlens.storage import migrate
from opinionlens.web.factory import create_app

_LONG = 60  # seconds; nobody waits for it unless the server hangs
_DATE = re.compile(rb"date: [^\r]*\r\n")

TEXT = b'{"text": "great, I love it"}'
CLOSE = b"Connection: close\r\n"


def posted(body: bytes = TEXT, *, fields: bytes = b"", line: bytes = b"") -> bytes:
    first = line or b"POST /api/v1/inference/predict HTTP/1.1"
    return first + b"\r\nHost: localhost\r\n%bContent-Length: %d\r\n\r\n%b" % (fields, len(body), body)


HEAD, LAST = b"POST /api/v1/inference/predict HTTP/1.1\r\nHost: localhost\r\n", posted(fields=CLOSE)

# Pieces are sent one after the other; the server closes at last.
CASES: dict[str, list[bytes]] = {
    "one": [LAST],
    "with another spelling": [posted(fields=b"cOnNeCtIoN:   close\r\nX-REQUEST-ID: abc\r\n")],
    "five in one piece": [posted() * 4 + LAST],
    "an odd one among them": [
        posted() + posted(line=b"HEAD /health HTTP/1.1") + posted(b"{") + posted(b'{"text": "awful"}') + LAST
    ],
    "head and body apart": [HEAD + CLOSE + b"Content-Length: %d\r\n\r\n" % len(TEXT), TEXT],
    "a body in pieces": [LAST[:-20], LAST[-20:-10], LAST[-10:]],
    "an expectation": [posted(fields=b"Expect: 100-continue\r\n" + CLOSE)[: -len(TEXT)], TEXT],
    "chunks": [HEAD + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(TEXT), TEXT)],
    "two lengths": [HEAD + b"Content-Length: 5\r\nContent-Length: 28\r\n\r\n" + TEXT],
    "a length and chunks": [HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 28\r\n\r\n" + TEXT],
    "HTTP/1.0": [posted(line=b"POST /api/v1/inference/predict HTTP/1.0")],
    "a query": [posted(line=b"POST /api/v1/inference/predict?a=b HTTP/1.1", fields=CLOSE)],
    "an escaped address": [posted(line=b"POST /api/v1/inference/%70redict HTTP/1.1", fields=CLOSE)],
    "a whole address": [
        posted(line=b"POST http://localhost/api/v1/inference/predict HTTP/1.1", fields=CLOSE)
    ],
    "an upgrade": [posted(fields=b"Upgrade: h2c\r\n" + CLOSE)],
    "behind a proxy": [
        posted(fields=b"X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.9\r\n" + CLOSE)
    ],
    "an unknown host": [HEAD.replace(b"localhost", b"elsewhere") + CLOSE + b"Content-Length: 2\r\n\r\n{}"],
    "not UTF-8": [posted(b'{"text": "\xff"}', fields=CLOSE)],
    "a long text": [posted(b'{"text": "%b"}' % (b"great " * 1_000), fields=CLOSE)],
    "a very long text": [posted(b'{"text": "%b"}' % (b"great " * 10_000), fields=CLOSE)],
    "not HTTP": [b"GREETINGS\r\n\r\n"],
}


@contextmanager
def served(settings: Settings, *, has_lane: bool) -> Iterator[int]:
    """Serve the app in a thread; the block gets its port."""
    migrate(settings.database.url.get_secret_value())  # Alembic makes the tables of one database at a time
    app = create_app(settings, registry=MemoryRegistry(), has_lane=has_lane)
    limits = ConnectionLimits(total=100, per_address=100, trusted_proxies="127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app,
            http=BoundedHttp(limits),  # type: ignore[arg-type]
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips="127.0.0.1",
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            wait_until(lambda: server.started, what="the server has started")
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(_LONG)


@pytest.fixture(scope="module")
def ports(make_settings: Callable[..., Settings]) -> Iterator[tuple[int, int]]:
    with (
        served(make_settings(), has_lane=False) as ordinary,
        served(make_settings(), has_lane=True) as by_lane,
    ):
        yield ordinary, by_lane


def answer_to(port: int, pieces: list[bytes]) -> bytes:
    """Return all that comes back until the server closes."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), _LONG) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
            # A chance for the server to see it alone; nothing depends on whether it does.
            threading.Event().wait(0.02)
        while data := connection.recv(65_536):
            received += data
    return without_ids(_DATE.sub(b"", received))


@pytest.mark.parametrize("pieces", CASES.values(), ids=CASES.keys())
def test_the_bytes_are_the_same(ports: tuple[int, int], pieces: list[bytes]) -> None:
    ordinary, by_lane = (answer_to(port, pieces) for port in ports)
    assert by_lane == ordinary
    assert by_lane.startswith(b"HTTP/1.1 ")


def test_requests_in_one_piece_are_answered_in_their_order(ports: tuple[int, int]) -> None:
    for port in ports:
        answered = answer_to(port, [posted(b'{"text": "awful"}') + posted() + posted(b"{") + LAST])
        assert re.findall(rb"HTTP/1.1 (\d+)", answered) == [b"200", b"200", b"422", b"200"]
        assert re.findall(rb'"prediction":"(\w+)"', answered) == [b"NEGATIVE", b"POSITIVE", b"POSITIVE"]
