"""Names, origins, https: what is let in from where, and what browsers are told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select

from opinionlens.base.setting_groups import SecuritySettings
from opinionlens.storage.tables import login_attempts
from opinionlens.web.http.hosts import TrustedHosts, name_of
from opinionlens.web.http.return_path import way_back

ORIGIN = "https://intranet.example.com"


@pytest.fixture(scope="module")
def named(make_site: Callable[..., Any]) -> Any:
    return make_site(trusted_hosts="testserver, Example.com,*.inner.example.com:443,[::1],127.0.0.1").client


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "EXAMPLE.com:8000",
        "example.com.",
        "a.inner.example.com",
        "a.b.inner.example.com:1",
        "[::1]:8000",
        "[::1]",
        "127.0.0.1:8000",
    ],
)
def test_a_listed_name_is_answered(named: Any, host: str) -> None:
    assert named.get("/api/v1/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        "example.com.evil.com",
        "notexample.com",
        "inner.example.com",
        "www.example.com",
        "",
        "[::2]",
        "a, b",
        "example.com:80@evil.com",
        "example.com:x",
        "example.com/.evil.com",
        "evil.com#.example.com",
        "[::1]evil.com",
        "[::1]:80@evil.com",
        "example.com:123456",
    ],
)
def test_another_is_refused_with_the_name_of_the_setting(named: Any, host: str) -> None:
    refused = named.get("/api/v1/", headers={"Host": host})
    assert (refused.status_code, refused.json()["code"]) == (400, "host_not_trusted")
    assert "SECURITY__TRUSTED_HOSTS" in refused.json()["detail"]
    assert not host or host not in refused.text
    assert refused.headers["X-Request-ID"]
    assert refused.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/health", "/ready", "/metrics", "/api/v1/metrics"])
def test_probes_may_come_by_any_name(named: Any, address: str) -> None:
    assert named.get(address, headers={"Host": "10.1.2.3:8000"}).status_code in (200, 503)
    assert "host_not_trusted" not in named.get(address, headers={"Host": "10.1.2.3:8000"}).text


def test_a_star_lets_any_name_in(make_site: Callable[..., Any]) -> None:
    client = make_site(trusted_hosts="*").client
    assert client.get("/api/v1/", headers={"Host": "whatever.example"}).status_code == 200


@pytest.mark.parametrize(
    "names",
    [
        [b"evil.com", b"evil.com", b"evil.com"],  # what was refused once is refused again
        [None],
        [b"example.com\0evil.com"],
    ],
)
def test_what_is_no_listed_name_never_gets_through(names: list[bytes | None]) -> None:
    asked = [[] if name is None else [(b"host", name)] for name in names]
    assert answers_to(asked) == [400] * len(names)


@pytest.mark.parametrize("other", [b"evil.com", b"example.com", b""])
def test_of_several_names_none_counts(other: bytes) -> None:
    both = [(b"host", b"example.com"), (b"host", other)]
    assert answers_to([both[:1], both, both[::-1], both]) == [200, 400, 400, 400]


def answers_to(requests: list[list[tuple[bytes, bytes]]]) -> list[int]:
    """The status of each request with these headers, where `example.com` is trusted."""
    statuses = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        statuses.append(200)

    async def send(message: Any) -> None:
        if "status" in message:
            statuses.append(message["status"])

    async def ask() -> None:
        for headers in requests:
            scope = {"type": "http", "path": "/", "method": "GET", "headers": headers}
            await hosts(scope, None, send)  # type: ignore[arg-type]

    hosts = TrustedHosts(app, ["example.com"])
    asyncio.run(ask())
    return statuses


def test_a_hundred_forms_of_a_name_are_remembered() -> None:
    answered = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        answered.append(scope["headers"][0][1])

    async def ask() -> None:
        for number in range(150):
            scope = {"type": "http", "path": "/", "headers": [(b"host", b"a%d.example.com" % number)]}
            await hosts(scope, None, None)  # type: ignore[arg-type]

    hosts = TrustedHosts(app, ["*.example.com"])
    asyncio.run(ask())
    assert len(answered) == 150
    assert len(hosts._trusted) == 100


@pytest.mark.parametrize("hosts", ["https://example.com", "a b", "example.com/x", "*example.com", "a.*.com"])
def test_what_is_no_name_stops_the_start(hosts: str) -> None:
    with pytest.raises(ValidationError, match="trusted_hosts"):
        SecuritySettings(trusted_hosts=hosts)


@given(st.text(max_size=30))
def test_any_header_has_some_name(host: str) -> None:
    assert name_of(host) == name_of(host).lower() or not host.isascii()


@pytest.fixture(scope="module")
def shared(make_site: Callable[..., Any]) -> Any:
    return make_site(allowed_origins="https://Intranet.example.com, http://localhost:3000").client


def test_without_allowed_origins_no_other_site_may_read(make_site: Callable[..., Any]) -> None:
    answer = make_site().client.get("/api/v1/", headers={"Origin": ORIGIN})
    assert "access-control-allow-origin" not in answer.headers


def test_an_allowed_origin_may_ask_but_not_with_cookies(shared: Any) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    preflight = shared.options("/api/v1/inference/predict", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "access-control-allow-credentials" not in preflight.headers
    assert preflight.headers["X-Request-ID"]
    answer = shared.post("/api/v1/inference/predict", json={"text": ""}, headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.com", "http://intranet.example.com", "null", ORIGIN + ".evil.com"]
)
def test_another_may_not(shared: Any, origin: str) -> None:
    answer = shared.get("/api/v1/", headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    assert shared.options("/api/v1/inference/predict", headers=asked).status_code == 400


@pytest.mark.parametrize(
    "origins", ["example.com", "https://example.com/", "https://a b", "ftp://example.com"]
)
def test_what_is_no_origin_stops_the_start(origins: str) -> None:
    with pytest.raises(ValidationError, match="allowed_origins"):
        SecuritySettings(allowed_origins=origins)


def test_https_is_kept_to_only_where_it_is_spoken(make_site: Callable[..., Any], site: Any) -> None:
    assert "strict-transport-security" not in site.client.get("/health").headers
    over_https = make_site(base_url="https://testserver").client
    for address in ("/", "/health", "/nothing", "/static/css/base.css"):
        assert over_https.get(address).headers["Strict-Transport-Security"] == "max-age=31536000"


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


def test_behind_a_trusted_proxy_the_visitors_scheme_and_address_count(make_site: Callable[..., Any]) -> None:
    site = make_site(proxies="testclient")
    answer = site.client.get("/login", headers=FORWARDED)
    assert answer.headers["Set-Cookie"].startswith("__Host-opinionlens_login=")
    assert "Strict-Transport-Security" in answer.headers
    token = re.findall(r'name="token" value="([^"]+)"', answer.text)[0]
    form = {"username": "ann", "password": "wrong wrong wrong", "token": token}
    headers = FORWARDED | {"Cookie": f"__Host-opinionlens_login={token}"}
    assert site.client.post("/login", data=form, headers=headers).status_code == 401
    with site.database.reading() as connection:
        assert connection.scalar(select(login_attempts.c.address)) == "203.0.113.9"


def test_from_anybody_else_they_do_not(make_site: Callable[..., Any]) -> None:
    answer = make_site(proxies="10.0.0.1").client.get("/login", headers=FORWARDED)
    assert answer.headers["Set-Cookie"].startswith("opinionlens_login=")
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize(
    "asked_for",
    ["/admin", "/", "/admin/models/opinionlens-3?tab=card&x=%2F", "/admin/keys#made", "/" + "x" * 3_999],
)
def test_the_way_back_leads_to_pages_of_ours(asked_for: str) -> None:
    assert way_back(asked_for) == asked_for


@pytest.mark.parametrize(
    "asked_for",
    [
        None,
        "",
        "admin",
        "//evil.com",
        "///evil.com",
        "/\\evil.com",
        "\\\\evil.com",
        "/\t/evil.com",
        "/\n/evil.com",
        " //evil.com",
        "https://evil.com",
        "javascript:alert(1)",
        "/x\r\nSet-Cookie: a=b",
        "/ä",
        "/login",
        "/login?next=/login",
        "/logout",
        "/" + "x" * 4_000,
    ],
)
def test_and_nowhere_else(asked_for: str | None) -> None:
    assert way_back(asked_for) == "/admin"


@given(st.text(max_size=40))
def test_whatever_was_asked_for_it_is_a_path(asked_for: str) -> None:
    target = way_back(asked_for)
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))
    assert target.isascii()
    assert target.isprintable()


@pytest.mark.parametrize("asked_for", ["//evil.com", "https://evil.com", "/\\evil.com"])
def test_a_login_never_leads_away(site: Any, asked_for: str) -> None:
    assert site.log_in(next=asked_for).headers["Location"] == "/admin"
