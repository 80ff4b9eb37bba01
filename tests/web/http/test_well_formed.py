"""Requests that would be read wrongly, or at great cost: coded bodies, queries, cookies, forms, orders."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from opinionlens.web.http.problems import invalid_request
from opinionlens.web.http.well_formed import WellFormed, without_backslashes

PREDICT = "/api/v1/inference/predict"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class TestCodedBodies:
    @pytest.mark.parametrize(
        "address",
        [PREDICT, "/predict", "/api/v1/feedback", "/api/v1/inference/batch_predict", "/api/v1/keys/"],
    )
    def test_are_refused_with_what_would_be_taken(self, client: TestClient, address: str) -> None:
        refused = client.post(
            address, content=gzip.compress(b'{"text": "good"}'), headers={"Content-Encoding": "gzip"}
        )
        assert refused.status_code == 415
        assert refused.headers["Accept-Encoding"] == "identity"
        assert refused.json()["code"] == "unsupported_media_type"
        assert "Content-Encoding" in refused.json()["detail"]

    @pytest.mark.parametrize("coding", ["identity", "Identity", ""])
    def test_no_coding_is_none(self, client: TestClient, coding: str) -> None:
        answer = client.post(PREDICT, json={"text": "good"}, headers={"Content-Encoding": coding})
        assert answer.status_code == 200


class TestQueries:
    @pytest.mark.parametrize("address", [PREDICT, "/health", "/login", "/api/v1/models/history"])
    def test_endless_parameters_are_refused(self, client: TestClient, address: str) -> None:
        refused = client.get(f"{address}?text=good{'&a=b' * 100}")
        assert refused.status_code == 422
        assert "100 parameters" in refused.json()["detail"]

    def test_a_hundred_are_read(self, client: TestClient) -> None:
        assert client.get(f"{PREDICT}?{'a=b&' * 99}text=good").status_code == 200

    def test_a_page_does_not_mind_what_a_link_adds(self, client: TestClient) -> None:
        assert client.get("/?from=caf%E9").status_code == 200


class TestForms:
    @pytest.mark.parametrize("body", [b"&" * 100_000, b"text=good" + b"&a=b" * 100])
    @pytest.mark.parametrize("address", ["/", "/login"])
    def test_endless_fields_are_refused(self, client: TestClient, address: str, body: bytes) -> None:
        refused = client.post(address, content=body, headers=FORM)
        assert refused.status_code == 400
        assert "at most 10 fields" in refused.text

    @pytest.mark.parametrize("address", ["/", "/login"])
    def test_what_is_longer_than_any_text_is_not_taken_apart(self, client: TestClient, address: str) -> None:
        refused = client.post(address, content=b"text=" + b"%41" * 50_000, headers=FORM)
        assert refused.status_code == 413
        assert "10,000 characters" in refused.text

    def test_the_longest_text_of_the_longest_characters_fits(self, client: TestClient) -> None:
        assert client.post("/", data={"text": "😀" * 10_000}).status_code == 200

    def test_bytes_that_are_no_utf8_are_refused(self, client: TestClient) -> None:
        refused = client.post("/", content=b"text=caf%E9", headers=FORM)
        assert refused.status_code == 422
        assert "UTF-8" in refused.text

    def test_any_text_in_utf8_is_taken(self, client: TestClient) -> None:
        assert client.post("/", data={"text": "café & 100% 😀 \x00"}).status_code == 200


class TestOrders:
    @pytest.mark.parametrize(
        "address",
        [
            "/api/v1/keys/",
            "/api/v1/models/",
            "/api/v1/models/rollback",
            "/api/v1/models/follow",
            "/api/v1/models/opinionlens-3/activate",
        ],
    )
    def test_endless_fields_are_one_fault(self, client: TestClient, admin_key: str, address: str) -> None:
        body = "{" + ",".join(f'"f{number}":1' for number in range(130_000)) + "}"
        headers = {"X-API-Key": admin_key, "Content-Type": "application/json"}
        refused = client.post(address, content=body, headers=headers)
        assert refused.status_code == 422
        assert refused.json()["errors"] == [{"where": "body", "message": "It holds more than 100 values"}]

    def test_a_byte_order_mark_is_left_out(self, client: TestClient, admin_key: str) -> None:
        headers = {"X-API-Key": admin_key, "Content-Type": "application/json"}
        made = client.post("/api/v1/keys/", content=b'\xef\xbb\xbf{"name": "report"}', headers=headers)
        assert made.status_code == 201


class TestCookies:
    def test_those_with_a_backslash_do_not_reach_the_parser(self) -> None:
        assert without_backslashes(b'a=1; b="\\"; c=3;d="x\\101"') == b"a=1; c=3"

    def test_no_app_reads_them(self) -> None:
        seen: list[dict[str, str]] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(Request(scope).cookies)
            await PlainTextResponse("")(scope, receive, send)

        cookies = b'a=1; b="' + b"\\" * 100 + b'"; c=3'
        scope: Scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "headers": [(b"cookie", cookies)],
            "query_string": b"",
        }

        async def nothing(message: Message | None = None) -> Message:
            return {"type": "http.request"}

        asyncio.run(WellFormed(app)(scope, nothing, nothing))  # type: ignore[arg-type]
        assert seen == [{"a": "1", "c": "3"}]


def test_a_pattern_is_never_shown() -> None:
    fault = {
        "type": "string_pattern_mismatch",
        "loc": ("body", "name"),
        "msg": "String should match pattern '^[a-z]$'",
    }
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""})
    answer = asyncio.run(invalid_request(request, RequestValidationError([fault])))
    assert b"[a-z]" not in bytes(answer.body)
    assert b"/docs" in bytes(answer.body)
