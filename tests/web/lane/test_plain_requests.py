"""The decision whether a request may take the lane; `test_both_ways.py` has the long list."""

from __future__ import annotations

from typing import Any

import pytest

from opinionlens.web.lane.plain_requests import PlainRequest, plain_request

PATH = "/api/v1/inference/predict"
FIELDS = [(b"host", b"localhost"), (b"content-length", b"17"), (b"accept", b"*/*")]
SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "POST",
    "path": PATH,
    "query_string": b"",
    "root_path": "",
    "scheme": "http",
    "headers": FIELDS,
}


def decided(most_bytes: int = 100, **changes: Any) -> PlainRequest | None:
    return plain_request(SCOPE | changes, most_bytes=most_bytes, trusts=lambda name: name == b"localhost")


def test_a_plain_request_is_described() -> None:
    assert decided() == PlainRequest(ident="", announced=17, is_https=False)
    fields = [*FIELDS, (b"x-request-id", b"abc")]
    assert decided(scheme="https", headers=fields) == PlainRequest(ident="abc", announced=17, is_https=True)


@pytest.mark.parametrize("scope", [{"type": "lifespan", "asgi": {}}, {"type": "websocket", "path": PATH}])
def test_other_protocols_are_not_looked_at(scope: dict[str, Any]) -> None:
    assert plain_request(scope, most_bytes=100, trusts=lambda name: True) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET"},
        {"path": PATH + "/"},
        {"path": "/predict"},
        {"query_string": b"a=b"},
        {"root_path": "/below"},
        {"most_bytes": 16},
        {"headers": FIELDS[:1]},
        {"headers": FIELDS[1:]},
        {"headers": [(b"host", b"elsewhere"), *FIELDS[1:]]},
        {"headers": [*FIELDS, (b"accept", b"*/*")]},
        {"headers": [*FIELDS, (b"x-new", b"")]},
    ],
)
def test_whatever_is_not_plain_is_not(changes: dict[str, Any]) -> None:
    assert decided(**changes) is None
