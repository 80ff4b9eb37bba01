"""One login for the app and the programs beside it, and attacks on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select, update
from tests.accounts.browsing import ADDRESSES, APP, Browser
from tests.support.waiting import wait_until

from opinionlens.accounts.tokens import hash_token
from opinionlens.base.setting_groups import SiteSettings
from opinionlens.storage import users
from opinionlens.storage.columns import utc_now
from opinionlens.storage.tables import sessions, tool_codes, tool_sessions
from opinionlens.storage.users import Role
from opinionlens.web.http.return_path import tool_path

GRAFANA = "https://grafana.testserver"
MLFLOW = "https://mlflow.testserver"
TOOL, ENTRY, SESSION = (
    "__Host-opinionlens_tool",
    "__Host-opinionlens_entry",
    "__Host-opinionlens_session",
)


@pytest.fixture(scope="module")
def with_tools(make_site: Callable[..., Any]) -> Any:
    return make_site(base_url=f"https://{APP}", addresses=ADDRESSES)


@pytest.fixture
def site(with_tools: Any) -> Any:
    with_tools.begin_anew()
    return with_tools


@pytest.fixture
def browser(site: Any) -> Browser:
    return Browser(site)


def entered(browser: Browser, url: str = f"{GRAFANA}/", role: Role = Role.ADMIN) -> Any:
    """Log in on the way to a tool."""
    users.set_role(browser.site.database, "ann", role)
    answer = browser.log_in(browser.open(url))
    assert answer.status_code == 200, answer.text
    return answer


def rows(site: Any, table: Any) -> int:
    with site.database.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)))


def code_for(browser: Browser, url: str = f"{GRAFANA}/") -> str:
    """Get a code as the browser does, and stop before it is taken."""
    begun = browser.send(url)
    handed = browser.send(begun.headers["Location"])
    assert handed.status_code == 303
    return str(handed.headers["Location"])


class TestTheWay:
    def test_leads_from_a_page_of_a_tool_through_the_login_back_to_it(self, browser: Browser) -> None:
        page = browser.open(f"{GRAFANA}/d/overview?from=now-6h&var-x=a%26b")
        assert 'action="/login"' in page.text
        assert browser.locations[0].startswith(f"https://{APP}/auth/start?")
        answer = browser.log_in(page)
        assert answer.status_code == 200
        assert answer.headers["X-WEBAUTH-USER"] == "ann"
        assert browser.locations[-1] == f"{GRAFANA}/d/overview?from=now-6h&var-x=a%26b"

    def test_needs_no_second_login_for_the_next_tool(self, browser: Browser) -> None:
        entered(browser)
        assert browser.open(f"{MLFLOW}/#/experiments").status_code == 200
        assert browser.open("https://traefik.testserver/dashboard/").status_code == 200

    def test_leaves_the_session_on_the_apps_host_and_another_cookie_on_each(self, browser: Browser) -> None:
        entered(browser)
        browser.open(f"{MLFLOW}/")
        assert set(browser.cookies[APP]) == {SESSION}
        assert set(browser.cookies["grafana.testserver"]) == {TOOL, ENTRY}
        values = [value for jar in browser.cookies.values() for value in jar.values()]
        assert len(values) == len(set(values)) == 5

    def test_asks_once_and_then_only_the_cookie(self, browser: Browser) -> None:
        entered(browser)
        assert browser.open(f"{GRAFANA}/api/live").status_code == 200
        assert browser.locations == []

    def test_stores_tokens_and_codes_as_hashes(self, browser: Browser) -> None:
        entered(browser)
        location = code_for(browser, f"{MLFLOW}/")
        (code,) = parse_qs(urlsplit(location).query)["code"]
        with browser.site.database.reading() as connection:
            stored = str(connection.execute(select(tool_codes)).all())
            stored += str(connection.execute(select(tool_sessions)).all())
        assert hash_token(code) in stored
        assert code not in stored
        assert browser.cookies["grafana.testserver"][TOOL] not in stored

    @pytest.mark.parametrize("name", ["Sec-Fetch-Mode", "Sec-Fetch-Dest"])
    def test_is_for_pages_alone(self, browser: Browser, name: str) -> None:
        other = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "iframe"}[name]
        answer = browser.send(f"{GRAFANA}/api/search", Accept="*/*", **{name: other})
        assert answer.status_code == 401
        assert "Basic" not in answer.headers["WWW-Authenticate"]

    def test_an_older_browser_is_known_by_what_it_accepts(self, site: Any) -> None:
        asked = {
            "X-Forwarded-Method": "GET",
            "X-Forwarded-Host": "grafana.testserver",
            "X-Forwarded-Uri": "/",
        }
        page = site.client.get("/auth/forward/grafana", headers=asked | {"Accept": "text/html,*/*"})
        data = site.client.get("/auth/forward/grafana", headers=asked | {"Accept": "application/json"})
        assert (page.status_code, data.status_code) == (303, 401)

    def test_without_cookies_it_ends_on_a_page_that_says_so(self, browser: Browser) -> None:
        entered(browser)
        browser.cookies["mlflow.testserver"].clear()
        location = code_for(browser, f"{MLFLOW}/")
        browser.cookies["mlflow.testserver"].clear()
        answer = browser.open(location)
        assert answer.status_code == 400
        assert "need cookies" in answer.text
        assert f'<a href="{MLFLOW}/">Open MLflow</a>' in answer.text

    def test_tabs_that_open_at_once_do_not_disturb_each_other(self, browser: Browser) -> None:
        entered(browser)
        browser.cookies["mlflow.testserver"] = {ENTRY: "e" * 43}
        first, second = code_for(browser, f"{MLFLOW}/a"), code_for(browser, f"{MLFLOW}/b")
        assert browser.send(second).headers["Location"] == f"{MLFLOW}/b"
        assert browser.send(first).headers["Location"] == f"{MLFLOW}/a"
        assert browser.send(f"{MLFLOW}/").status_code == 200

    def test_the_login_form_may_lead_to_the_tools_and_nowhere_else(self, browser: Browser) -> None:
        policy = browser.send(f"https://{APP}/login").headers["Content-Security-Policy"]
        (forms,) = [part for part in policy.split("; ") if part.startswith("form-action")]
        assert sorted(forms.split()[1:]) == sorted(
            ["'self'", *(url for name, url in ADDRESSES.items() if name != "url")]
        )


class TestWhatAToolLearns:
    @pytest.mark.parametrize(
        ("role", "grafana"), [("viewer", "Viewer"), ("analyst", "Editor"), ("admin", "Admin")]
    )
    def test_the_name_and_grafanas_role(self, browser: Browser, role: str, grafana: str) -> None:
        answer = entered(browser, role=Role(role))
        assert (answer.headers["X-WEBAUTH-USER"], answer.headers["X-WEBAUTH-ROLE"]) == ("ann", grafana)

    def test_a_name_of_any_characters_is_quoted(self, browser: Browser, site: Any) -> None:
        name = "zoë\r\nx-webauth-role:admin=" + "ü" * 60
        users.add(site.database, name, site.hasher.hash("a fine day for a walk"), role=Role.VIEWER)
        answer = browser.log_in(browser.open(f"{GRAFANA}/"), name=name)
        told = answer.headers["X-WEBAUTH-USER"]
        assert told == "zo=C3=AB=0D=0Ax-webauth-role=3Aadmin=3D" + "=C3=BC" * 60
        assert answer.headers["X-WEBAUTH-ROLE"] == "Viewer"

    def test_no_cookie_of_ours_and_all_of_its_own(self, browser: Browser) -> None:
        entered(browser)
        browser.cookies["grafana.testserver"] |= {"grafana_session": "abc", "x": "a=b"}
        assert browser.send(f"{GRAFANA}/").headers["Cookie"] == "grafana_session=abc; x=a=b"

    def test_no_cookie_at_all_where_there_are_only_ours(self, browser: Browser) -> None:
        assert "Cookie" not in entered(browser).headers


LEAST = {
    "grafana": "viewer",
    "mlflow": "analyst",
    "prometheus": "analyst",
    "alertmanager": "admin",
    "traefik": "admin",
}


class TestRoles:
    @pytest.mark.parametrize("role", ["viewer", "analyst", "admin"])
    def test_each_tool_has_its_least_role(self, browser: Browser, role: str) -> None:
        entered(browser, role=Role(role))
        ranks = ["viewer", "analyst", "admin"]
        statuses = {tool: browser.open(f"https://{tool}.testserver/").status_code for tool in LEAST}
        assert statuses == {
            tool: 200 if ranks.index(role) >= ranks.index(least) else 403 for tool, least in LEAST.items()
        }

    def test_a_page_says_which_role_is_missing(self, browser: Browser) -> None:
        entered(browser, role=Role.VIEWER)
        page = browser.open("https://traefik.testserver/")
        assert "Traefik needs the role <code>admin</code>." in page.text

    def test_a_lower_role_counts_at_once(self, browser: Browser) -> None:
        entered(browser, f"{MLFLOW}/")
        users.set_role(browser.site.database, "ann", Role.VIEWER)
        assert browser.open(f"{MLFLOW}/").status_code == 403
        assert browser.send(f"{MLFLOW}/ajax-api", **{"Sec-Fetch-Mode": "cors"}).status_code == 403


class TestTheEnd:
    def test_logging_out_ends_all_hosts(self, browser: Browser) -> None:
        entered(browser)
        browser.open(f"{MLFLOW}/")
        page = browser.send(f"https://{APP}/admin")
        token = page.text.split('name="csrf-token" content="')[1].split('"')[0]
        browser.send(f"https://{APP}/logout", method="POST", data={"csrf_token": token})
        assert browser.send(f"{GRAFANA}/").status_code == 303
        assert browser.send(f"{MLFLOW}/x", **{"Sec-Fetch-Mode": "cors"}).status_code == 401
        assert rows(browser.site, tool_sessions) == 0

    def test_logging_out_needs_the_token_of_the_session(self, browser: Browser) -> None:
        entered(browser)
        assert browser.send(f"https://{APP}/logout", method="POST").status_code == 403
        assert browser.send(f"{GRAFANA}/").status_code == 200

    def test_an_expired_session_is_none_there_either(self, browser: Browser) -> None:
        entered(browser)
        with browser.site.database.writing() as connection:
            connection.execute(update(sessions).values(expires_at=utc_now() - timedelta(seconds=1)))
        assert browser.send(f"{GRAFANA}/").status_code == 303

    @pytest.mark.parametrize("how", ["password", "removed"])
    def test_a_new_password_or_no_user_ends_it(self, browser: Browser, how: str) -> None:
        entered(browser)
        if how == "password":
            users.set_password(browser.site.database, "ann", "another hash")
        else:
            users.remove(browser.site.database, "ann")
        assert browser.send(f"{GRAFANA}/").status_code == 303

    def test_a_code_ends_with_the_session(self, browser: Browser) -> None:
        entered(browser)
        location = code_for(browser, f"{MLFLOW}/")
        users.set_password(browser.site.database, "ann", "another hash")
        assert browser.send(location).headers["Location"].startswith(f"https://{APP}/auth/start")
        assert rows(browser.site, tool_sessions) == 0

    def test_use_of_a_tool_keeps_the_session(self, browser: Browser) -> None:
        entered(browser)
        soon = utc_now() + timedelta(minutes=5)
        with browser.site.database.writing() as connection:
            connection.execute(update(sessions).values(expires_at=soon))
        assert browser.send(f"{GRAFANA}/").status_code == 200

        def moved() -> bool:
            with browser.site.database.reading() as connection:
                return bool(connection.scalar(select(sessions.c.expires_at)) > soon)

        wait_until(moved)


class TestCodes:
    def test_a_code_is_good_once(self, browser: Browser) -> None:
        entered(browser)
        location = code_for(browser, f"{MLFLOW}/")
        assert browser.send(location).headers["Location"] == f"{MLFLOW}/"
        del browser.cookies["mlflow.testserver"][TOOL]
        replayed = browser.send(location)
        assert replayed.headers["Location"] == f"https://{APP}/auth/start?tool=mlflow"
        assert TOOL not in browser.cookies["mlflow.testserver"]

    def test_a_code_of_another_tool_is_refused_and_used_up(self, browser: Browser) -> None:
        entered(browser)
        location = code_for(browser, f"{MLFLOW}/")
        browser.cookies["traefik.testserver"] = dict(browser.cookies["mlflow.testserver"])
        moved = browser.send(location.replace("mlflow.", "traefik."))
        assert moved.headers["Location"] == f"https://{APP}/auth/start?tool=traefik"
        assert browser.send(location).headers["Location"] == f"https://{APP}/auth/start?tool=mlflow"

    def test_a_code_in_another_browser_is_refused(self, browser: Browser, site: Any) -> None:
        """Nobody can be made to work under a foreign name, nor use a code that they have seen."""
        entered(browser)
        location = code_for(browser, f"{MLFLOW}/")
        other = Browser(site)
        other.send(f"{MLFLOW}/")
        assert ENTRY in other.cookies["mlflow.testserver"]
        refused = other.send(location)
        assert refused.headers["Location"] == f"https://{APP}/auth/start?tool=mlflow"
        assert TOOL not in other.cookies["mlflow.testserver"]

    def test_a_code_is_good_for_30_seconds(self, browser: Browser) -> None:
        entered(browser)
        location = code_for(browser, f"{MLFLOW}/")
        with browser.site.database.writing() as connection:
            left = connection.scalar(select(tool_codes.c.expires_at)) - utc_now()
            assert timedelta(seconds=20) < left <= timedelta(seconds=30)
            connection.execute(update(tool_codes).values(expires_at=utc_now()))
        assert browser.send(location).headers["Location"] == f"https://{APP}/auth/start?tool=mlflow"

    def test_of_a_session_ten_codes_and_five_logins_at_a_tool_are_kept(self, browser: Browser) -> None:
        entered(browser)
        for _ in range(13):
            code_for(browser, f"{MLFLOW}/")
        assert rows(browser.site, tool_codes) == 10
        for _ in range(7):
            browser.send(code_for(browser, f"{MLFLOW}/"))
            del browser.cookies["mlflow.testserver"][TOOL]
        assert rows(browser.site, tool_sessions) == 5 + 1

    def test_whoever_is_not_logged_in_makes_nothing_be_stored(self, browser: Browser) -> None:
        for _ in range(5):
            browser.open(f"{GRAFANA}/")
            browser.send(f"{GRAFANA}/opinionlens-login?code={'A' * 43}")
        assert rows(browser.site, tool_codes) == rows(browser.site, tool_sessions) == 0

    @pytest.mark.parametrize(
        "query",
        ["", "code=", "code=x", f"code={'A' * 43}", f"code={'%00' * 43}", "code=%ff", "a&" * 50, "path=/x"],
    )
    def test_what_is_no_code_is_refused(self, browser: Browser, query: str) -> None:
        browser.send(f"{GRAFANA}/")
        answer = browser.send(f"{GRAFANA}/opinionlens-login?{query}")
        assert (answer.status_code, answer.headers["Location"]) == (
            303,
            f"https://{APP}/auth/start?tool=grafana",
        )

    def test_where_one_is_logged_in_already_an_old_code_only_leads_on(self, browser: Browser) -> None:
        entered(browser)
        answer = browser.send(f"{GRAFANA}/opinionlens-login?code={'A' * 43}&path=/d/x")
        assert answer.headers["Location"] == f"{GRAFANA}/d/x"

    @pytest.mark.parametrize("state", ["", "x", "A" * 64, "a" * 63, "a" * 65, "ａ" * 64])
    def test_a_start_without_the_hash_of_a_cookie_gives_no_code(self, browser: Browser, state: str) -> None:
        entered(browser)
        query = urlencode({"tool": "grafana", "path": "/", "state": state})
        assert browser.send(f"https://{APP}/auth/start?{query}").status_code == 400
        assert rows(browser.site, tool_codes) == 0


ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "evil.example",
    "@evil.example",
    ":443@evil.example/",
    ".evil.example",
    ":8443/",
    "",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nSet-Cookie: a=b",
    "/x\r\nLocation: https://evil.example",
    "/\x00",
    " //evil.example",
    "/ü",
    "/\u2028",
    "／／evil.example",
    "/／evil.example",
    "⁄⁄evil.example",
    "/" + "x" * 1_000,
]


class TestOpenRedirects:
    @pytest.mark.parametrize("path", ELSEWHERE)
    def test_no_path_leads_elsewhere(self, browser: Browser, path: str) -> None:
        assert tool_path(path) == "/"
        entered(browser)
        state = hash_token(browser.cookies["grafana.testserver"][ENTRY])
        query = urlencode({"tool": "grafana", "path": path, "state": state})
        handed = browser.send(f"https://{APP}/auth/start?{query}").headers["Location"]
        assert (urlsplit(handed).scheme, urlsplit(handed).netloc) == ("https", "grafana.testserver")
        assert parse_qs(urlsplit(handed).query)["path"] == ["/"]
        (code,) = parse_qs(urlsplit(handed).query)["code"]
        back = f"{GRAFANA}/opinionlens-login?{urlencode({'code': code, 'path': path})}"
        assert browser.send(back).headers["Location"] == f"{GRAFANA}/"

    @pytest.mark.parametrize(
        "path", ["/", "/d/a?b=c&d=%2F%2Fe", "/%5C%5Cevil.example", "/a//b", "/@x", "/:8080", "/" + "x" * 999]
    )
    def test_a_page_of_the_tool_is_gone_back_to(self, path: str) -> None:
        assert tool_path(path) == path

    @pytest.mark.parametrize(
        "tool",
        ["", "evil", "Grafana", "grafana.evil.example", "//evil.example", "url", "grafana/", "grafana\x00"],
    )
    def test_no_other_tool_is_known(self, browser: Browser, tool: str) -> None:
        entered(browser)
        query = urlencode({"tool": tool, "path": "/", "state": "a" * 64})
        assert browser.send(f"https://{APP}/auth/start?{query}").status_code == 404

    def test_the_login_form_leads_to_no_other_host(self, browser: Browser) -> None:
        page = browser.send(f"https://{APP}/login?next=https://grafana.testserver/")
        assert 'name="next" value="/admin"' in page.text


class TestHostConfusion:
    def forward(self, site: Any, tool: str, **headers: str) -> Any:
        given = {
            "X-Forwarded-Method": "GET",
            "X-Forwarded-Host": f"{tool}.testserver",
            "X-Forwarded-Uri": "/",
            "Accept": "text/html",
        }
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in (given | named).items() if value}
        site.client.cookies.clear()
        return site.client.get(f"/auth/forward/{tool}", headers=sent)

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "mlflow.testserver",
            "testserver",
            "grafana.testserver.evil.example",
            "grafana.testserver@evil.example",
            "grafana.testserver:8443",
            "grafana.testserver, evil.example",
            "grafana.testserver.",
            "evil.example#grafana.testserver",
        ],
    )
    def test_another_host_than_the_settings_name_is_refused(self, site: Any, host: str) -> None:
        answer = self.forward(site, "grafana", X_Forwarded_Host=host)
        assert answer.status_code == 403
        assert "location" not in answer.headers
        assert "evil" not in answer.text

    @pytest.mark.parametrize("host", ["grafana.testserver", "GRAFANA.testserver", "grafana.testserver:443"])
    def test_its_own_host_is_known_however_it_is_written(self, site: Any, host: str) -> None:
        answer = self.forward(site, "grafana", X_Forwarded_Host=host)
        assert answer.headers["Location"].startswith(f"https://{APP}/auth/start?tool=grafana&")

    def test_addresses_come_from_the_settings_whatever_headers_say(self, site: Any) -> None:
        """As a client that is no trusted proxy may send them to the app itself."""
        answer = self.forward(
            site,
            "grafana",
            X_Forwarded_Proto="http",
            X_Forwarded_Port="8443",
            X_Forwarded_Server="evil.example",
            X_Forwarded_Prefix="/evil",
            X_Original_Url="https://evil.example/",
            X_Rewrite_Url="/evil",
            Forwarded="host=evil.example;proto=http",
            X_Forwarded_Uri="https://evil.example/",
        )
        location = urlsplit(answer.headers["Location"])
        assert (location.scheme, location.netloc, location.path) == ("https", APP, "/auth/start")
        assert parse_qs(location.query)["path"] == ["/"]
        assert "evil" not in str(answer.headers)
        assert answer.headers["set-cookie"].startswith(f"{ENTRY}=")

    @pytest.mark.parametrize("name", ["X_Forwarded_Method", "X_Forwarded_Host", "X_Forwarded_Uri"])
    def test_without_the_proxys_headers_it_is_refused(self, site: Any, name: str) -> None:
        assert self.forward(site, "grafana", **{name: ""}).status_code == 400

    def test_a_header_that_is_there_twice_is_refused(self, site: Any) -> None:
        headers = [
            ("X-Forwarded-Method", "GET"),
            ("X-Forwarded-Host", "grafana.testserver"),
            ("X-Forwarded-Host", "evil.example"),
            ("X-Forwarded-Uri", "/"),
        ]
        assert site.client.get("/auth/forward/grafana", headers=headers).status_code == 400

    def test_a_cookie_of_one_tool_opens_no_other_and_not_the_app(self, browser: Browser) -> None:
        entered(browser)
        token = browser.cookies["grafana.testserver"][TOOL]
        browser.cookies["mlflow.testserver"][TOOL] = token
        assert browser.send(f"{MLFLOW}/", **{"Sec-Fetch-Mode": "cors"}).status_code == 401
        browser.cookies[APP] = {SESSION: token}
        assert browser.send(f"https://{APP}/api/v1/keys/").status_code == 401

    def test_the_apps_cookie_opens_no_tool(self, browser: Browser) -> None:
        entered(browser)
        browser.cookies["mlflow.testserver"] = {TOOL: browser.cookies[APP][SESSION]}
        assert browser.send(f"{MLFLOW}/", **{"Sec-Fetch-Mode": "cors"}).status_code == 401
        browser.cookies["mlflow.testserver"] = {SESSION: browser.cookies[APP][SESSION]}
        assert browser.send(f"{MLFLOW}/", **{"Sec-Fetch-Mode": "cors"}).status_code == 401

    def test_over_https_a_cookie_of_http_does_not_count(self, browser: Browser) -> None:
        entered(browser)
        token = browser.cookies["grafana.testserver"][TOOL]
        browser.cookies["grafana.testserver"] = {"opinionlens_tool": token}
        assert browser.send(f"{GRAFANA}/").status_code == 303

    @pytest.mark.parametrize("tool", ["evil", "GRAFANA", "url", "..", "%2e%2e", "grafana%00"])
    def test_an_unknown_tool_is_404(self, site: Any, tool: str) -> None:
        assert self.forward(site, tool).status_code == 404

    def test_keys_open_no_tool(self, browser: Browser) -> None:
        key = "Bearer admin-key-of-these-tests-0123456789abcdef"
        assert browser.send(f"{GRAFANA}/", Authorization=key).status_code == 303


class TestForgery:
    @pytest.mark.parametrize(
        ("method", "headers", "status"),
        [
            ("POST", {"Sec-Fetch-Site": "same-origin"}, 200),
            ("POST", {"Sec-Fetch-Site": "same-site"}, 403),
            ("POST", {"Sec-Fetch-Site": "cross-site"}, 403),
            ("POST", {"Sec-Fetch-Site": "none"}, 403),
            ("POST", {"Origin": GRAFANA}, 200),
            ("POST", {"Origin": MLFLOW}, 403),
            ("POST", {"Origin": f"https://{APP}"}, 403),
            ("POST", {"Origin": "http://grafana.testserver"}, 403),
            ("POST", {"Origin": "null"}, 403),
            ("POST", {}, 403),
            ("DELETE", {"Sec-Fetch-Site": "same-site"}, 403),
            ("PROPFIND", {"Sec-Fetch-Site": "same-site"}, 403),
            ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
            ("GET", {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200),
            ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403),
            ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
            ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "iframe"}, 403),
            ("GET", {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
            ("GET", {"Upgrade": "websocket", "Origin": GRAFANA}, 200),
            ("GET", {"Upgrade": "WebSocket", "Origin": MLFLOW}, 403),
            ("GET", {"Upgrade": "websocket"}, 403),
        ],
    )
    def test_a_page_of_another_host_cannot_act_there(
        self, browser: Browser, method: str, headers: dict[str, str], status: int
    ) -> None:
        entered(browser)
        assert browser.send(f"{GRAFANA}/api/x", method=method, **headers).status_code == status

    def test_a_changing_request_without_a_login_is_not_sent_round(self, browser: Browser) -> None:
        answer = browser.send(f"{GRAFANA}/api/x", method="POST", **{"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 401
        assert "location" not in answer.headers


class TestWithoutTools:
    def test_nothing_shares_the_login_unless_an_address_is_set(self, one_site: Any) -> None:
        headers = {"X-Forwarded-Method": "GET", "X-Forwarded-Host": "x", "X-Forwarded-Uri": "/"}
        assert one_site.client.get("/auth/forward/grafana", headers=headers).status_code == 404
        policy = one_site.client.get("/login").headers["Content-Security-Policy"]
        assert "form-action 'self';" in policy

    def test_while_the_database_is_away_nobody_is_let_in(self, browser: Browser) -> None:
        entered(browser)
        path = browser.site.database.file.path
        path.rename(path.with_name("elsewhere"))
        try:
            assert browser.send(f"{GRAFANA}/").status_code == 503
        finally:
            path.with_name("elsewhere").rename(path)


class TestSettings:
    @pytest.mark.parametrize(
        "value",
        [
            "grafana.example.com",
            "https://grafana.example.com/",
            "https://grafana.example.com/path",
            "https://ann@grafana.example.com",
            "https://Grafana.example.com",
            "ftp://grafana.example.com",
            "https://grafana.example.com?x",
            "https://gräfana.example.com",
        ],
    )
    def test_an_address_is_a_scheme_and_a_host(self, value: str) -> None:
        with pytest.raises(ValidationError, match="must be an address such as"):
            SiteSettings(url="https://example.com", grafana_url=value)

    def test_the_apps_own_address_is_needed_and_each_has_its_own(self) -> None:
        with pytest.raises(ValidationError, match="SITE__URL"):
            SiteSettings(grafana_url="https://grafana.example.com")
        with pytest.raises(ValidationError, match="of its own"):
            SiteSettings(url="https://example.com", grafana_url="https://example.com")
        with pytest.raises(ValidationError, match="of its own"):
            SiteSettings(url="https://a.b", grafana_url="https://c.d", mlflow_url="https://c.d")
        assert SiteSettings(url="https://example.com").grafana_url == ""
