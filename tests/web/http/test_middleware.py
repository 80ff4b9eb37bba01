"""What every request passes: ids, lines, headers, limits."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from opinionlens.base.logs import configure_logging, request_id
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.web.factory import create_app
from opinionlens.web.http.middleware import BodyLimit, RequestLog, SafetyNet, SecurityHeaders
from opinionlens.web.metrics import Metrics


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging("INFO", json=True, stream=stream)
    yield stream
    structlog.reset_defaults()


@pytest.fixture
def client_of_logged(logged: io.StringIO, make_settings: Callable[..., Settings]) -> Iterator[TestClient]:
    """A client of an app that was made after logging was configured, as an entry point does it."""
    with TestClient(create_app(make_settings(), registry=MemoryRegistry())) as client:
        yield client


def lines_of(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class TestRequestId:
    def test_is_new_for_each_request(self, client: TestClient) -> None:
        first, second = (client.get("/health").headers["X-Request-ID"] for _ in range(2))
        assert re.fullmatch("[0-9a-f]{32}", first)
        assert first != second

    @pytest.mark.parametrize("ident", ["abc-123", "A.b_c", "x" * 64])
    def test_is_taken_over_when_harmless(self, client: TestClient, ident: str) -> None:
        assert client.get("/health", headers={"X-Request-ID": ident}).headers["X-Request-ID"] == ident

    @pytest.mark.parametrize("ident", ["", "x" * 65, "a b", 'a"b', "<script>", "a\tb"])
    def test_is_replaced_when_not(self, client: TestClient, ident: str) -> None:
        given = client.get("/health", headers={"X-Request-ID": ident}).headers["X-Request-ID"]
        assert re.fullmatch("[0-9a-f]{32}", given)


class TestAccessLog:
    def test_one_line_names_route_status_and_time(
        self, logged: io.StringIO, client_of_logged: TestClient
    ) -> None:
        response = client_of_logged.get("/api/v1/inference/predict?text=private")
        (line,) = [line for line in lines_of(logged) if line["event"] == "request"]
        assert (line["method"], line["route"], line["status"]) == ("GET", "/api/v1/inference/predict", 200)
        assert line["milliseconds"] > 0
        assert line["request_id"] == response.headers["X-Request-ID"]
        assert "private" not in logged.getvalue()

    def test_an_unknown_address_has_no_route(self, logged: io.StringIO, client_of_logged: TestClient) -> None:
        client_of_logged.get("/private")
        (line,) = [line for line in lines_of(logged) if line["event"] == "request"]
        assert (line["route"], line["status"]) == (None, 404)

    def test_what_machines_ask_all_the_time_is_left_out(
        self, logged: io.StringIO, client_of_logged: TestClient
    ) -> None:
        client_of_logged.get("/health")
        client_of_logged.get("/metrics")
        assert client_of_logged.get("/ready").status_code == 503
        client_of_logged.get("/static/css/base.css")
        assert [line for line in lines_of(logged) if line["event"] == "request"] == []


class TestHeaders:
    @pytest.mark.parametrize(
        "address", ["/", "/docs", "/health", "/static/css/base.css", "/nothing", "/api/v1/"]
    )
    def test_every_answer_carries_them(self, client: TestClient, address: str) -> None:
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"


async def call(
    app: Any, *, method: str = "POST", headers: list[tuple[bytes, bytes]], chunks: list[bytes]
) -> Any:
    """Send chunks to an app and return what it sent."""
    scope: Scope = {"type": "http", "method": method, "path": "/", "headers": headers, "query_string": b""}
    pieces = iter(chunks)
    sent: list[Message] = []

    async def receive() -> Message:
        piece = next(pieces)
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


class TestBodyLimit:
    def test_an_announced_length_is_refused_before_anything_is_read(self) -> None:
        async def never(scope: Scope, receive: Receive, send: Send) -> None:
            raise AssertionError("the app was asked")

        app = BodyLimit(never, max_bytes=10)
        sent = asyncio.run(call(app, headers=[(b"content-length", b"11")], chunks=[]))
        assert sent[0]["status"] == 413
        assert b"10 bytes" in sent[1]["body"]
        assert (b"connection", b"close") in sent[0]["headers"]

    @pytest.mark.parametrize("chunked", [False, True])
    def test_a_person_who_sent_too_much_gets_a_page(self, client: TestClient, chunked: bool) -> None:
        form = b"text=" + b"x" * 2_000_001
        headers = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
        page = client.post("/", content=iter([form]) if chunked else form, headers=headers)
        assert page.status_code == 413
        assert page.headers["Content-Type"].startswith("text/html")
        assert "2000000 bytes" in page.text

    def test_an_endless_body_is_cut_off(self, client: TestClient) -> None:
        def endless() -> Iterator[bytes]:
            for _ in range(40):
                yield b"x" * 100_000

        response = client.post("/api/v1/inference/predict", content=endless())
        assert response.status_code == 413
        assert response.json()["code"] == "content_too_large"

    def test_unfinished_bodies_together_are_bounded_and_forgotten_when_they_end(self) -> None:
        async def hold(scope: Scope, receive: Receive, send: Send) -> None:
            while (await receive())["more_body"]:  # noqa: ASYNC110 - lets the others take their turn
                await asyncio.sleep(0)

        limit = BodyLimit(hold, max_bytes=100)

        async def one(*chunks: bytes) -> int:
            try:
                await call(limit, headers=[], chunks=list(chunks))
            except HTTPException as refusal:
                return refusal.status_code
            except (RuntimeError, StopIteration):  # the chunks have come to an end, and the client has gone
                return 200
            return 200

        async def all_at_once() -> list[int]:
            return await asyncio.gather(*(one(*[b"x" * 20] * 5) for _ in range(40)))

        for _ in range(2):
            statuses = asyncio.run(all_at_once())
            assert set(statuses) == {200, 503}
            assert statuses.count(200) >= 20

    def test_a_body_at_the_limit_passes(self) -> None:
        async def read(scope: Scope, receive: Receive, send: Send) -> None:
            total = len((await receive())["body"]) + len((await receive())["body"])
            await Response(str(total))(scope, receive, send)

        app = BodyLimit(read, max_bytes=10)
        sent = asyncio.run(call(app, headers=[], chunks=[b"12345", b"67890"]))
        assert sent[1]["body"] == b"10"

    @pytest.mark.parametrize("length", [b"-1", b"abc", b""])
    def test_a_length_that_is_none_is_left_to_the_server(self, length: bytes) -> None:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await Response("ok")(scope, receive, send)

        sent = asyncio.run(call(BodyLimit(answer, 10), headers=[(b"content-length", length)], chunks=[]))
        assert sent[0]["status"] == 200

    @pytest.mark.parametrize(("length", "status"), [(b"0" * 5_000 + b"5", 200), (b"9" * 5_000, 413)])
    def test_a_length_of_thousands_of_digits_is_no_crash(self, length: bytes, status: int) -> None:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await Response("ok")(scope, receive, send)

        app = RequestLog(BodyLimit(answer, 10), metrics=Metrics())
        sent = asyncio.run(call(app, headers=[(b"content-length", length)], chunks=[]))
        assert sent[0]["status"] == status


class TestCounting:
    def test_a_client_that_left_before_its_answer_is_no_error_of_ours(self) -> None:
        async def leave(scope: Scope, receive: Receive, send: Send) -> None:
            return

        metrics = Metrics()
        asyncio.run(call(RequestLog(leave, metrics=metrics), method="GET", headers=[], chunks=[]))
        lines = metrics.exposition().decode().splitlines()
        assert 'http_requests_total{handler="none",method="GET",status="4xx"} 1.0' in lines

    def test_an_answer_in_pieces_counts_all_of_them(self) -> None:
        async def stream(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
            await send({"type": "http.response.body", "body": b"three"})

        metrics = Metrics()
        asyncio.run(call(RequestLog(stream, metrics=metrics), method="GET", headers=[], chunks=[]))
        lines = metrics.exposition().decode().splitlines()
        assert 'http_response_size_bytes_sum{handler="none"} 8.0' in lines


class TestHead:
    @pytest.mark.parametrize("address", ["/", "/health", "/ready", "/model", "/docs", "/api/v1/about", "/no"])
    def test_is_answered_as_get_without_the_body(self, client: TestClient, address: str) -> None:
        asked, full = client.head(address), client.get(address)
        assert asked.content == b""
        assert asked.status_code == full.status_code
        assert asked.headers["Content-Type"] == full.headers["Content-Type"]

    def test_is_refused_where_get_is(self, client: TestClient) -> None:
        assert client.head("/predict").status_code == 405

    def test_the_log_names_it(self, logged: io.StringIO, client_of_logged: TestClient) -> None:
        client_of_logged.head("/model")
        (line,) = (json.loads(line) for line in logged.getvalue().splitlines() if '"/model"' in line)
        assert (line["method"], line["status"]) == ("HEAD", 200)


def test_an_answer_that_breaks_half_way_is_not_answered_twice() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        async def body() -> Any:
            yield b"half"
            raise ValueError("broken")

        await StreamingResponse(body())(scope, receive, send)

    app = RequestLog(SecurityHeaders(SafetyNet(broken)))
    with pytest.raises((ValueError, ExceptionGroup)):
        asyncio.run(call(app, method="GET", headers=[], chunks=[b""] * 3))


def test_a_client_that_leaves_while_sending_is_no_crash(
    logged: io.StringIO, make_settings: Callable[..., Settings]
) -> None:
    async def leave() -> list[Message]:
        app = create_app(make_settings(), registry=MemoryRegistry())
        messages = iter(
            ({"type": "http.request", "body": b'{"te', "more_body": True}, {"type": "http.disconnect"})
        )
        sent: list[Message] = []

        async def receive() -> Message:
            return next(messages)

        async def send(message: Message) -> None:
            sent.append(message)

        async with app.router.lifespan_context(app) as state:
            path = "/api/v1/inference/predict"
            headers = [(b"host", b"localhost")]
            scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
            await app({**scope, "state": dict(state or {})}, receive, send)
        return sent

    assert asyncio.run(leave()) == []
    events = {line["event"]: line for line in lines_of(logged)}
    assert "request.crashed" not in events
    assert events["request"]["status"] == 499


def test_what_is_no_request_passes_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    wrapped = RequestLog(SecurityHeaders(SafetyNet(BodyLimit(app, 10))))
    asyncio.run(wrapped({"type": "websocket"}, None, None))  # type: ignore[arg-type]
    assert seen == ["websocket"]


def test_the_id_is_known_while_the_request_is_handled_and_forgotten_after() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(request_id.get())(scope, receive, send)

    async def ask() -> list[Message]:
        sent = await call(RequestLog(app), headers=[(b"x-request-id", b"mine")], chunks=[])
        assert request_id.get() is None
        return list(sent)

    assert asyncio.run(ask())[1]["body"] == b"mine"
