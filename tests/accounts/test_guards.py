"""Who gets in where: keys, sessions, CSRF tokens; and no route that somebody forgot to guard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from tests.support.waiting import wait_until

from opinionlens.base.setting_groups import DatabaseSettings, SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.storage.api_keys import Scope, every_key, revoke
from opinionlens.web.factory import create_app

KEYS = "/api/v1/keys/"
PREDICT = "/api/v1/inference/predict"
ADMIN_KEY = "admin-key-of-these-tests-0123456789abcdef"
PASSWORD = "a fine day for a walk"
# What anybody may ask. Every other route of the app must refuse whoever shows nothing.
OPEN = {
    ("GET", "/"),
    ("POST", "/"),
    ("POST", "/feedback"),
    # It says whether the cookie in the request is good, which is what its sender showed.
    ("GET", "/auth/forward/{name}"),
    ("GET", "/docs"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/openapi.json"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/metrics"),
    ("GET", "/model"),
    ("POST", "/predict"),
    ("GET", "/api/v1/"),
    ("GET", "/api/v1/about"),
    ("GET", "/api/v1/metrics"),
    ("GET", "/api/v1/inference/predict"),
    ("POST", "/api/v1/inference/predict"),
    ("POST", "/api/v1/inference/batch_predict"),
    ("POST", "/api/v1/inference/explain"),
    ("POST", "/api/v1/feedback"),
    ("MOUNT", "/static"),
    ("MOUNT", "/swagger"),
}


@pytest.fixture(scope="module")
def closed(make_site: Callable[..., Any]) -> Any:
    """A site where only some get predictions."""
    return make_site(predict_needs_key=True)


@pytest.fixture(scope="module")
def away(make_settings: Callable[..., Settings]) -> Iterator[TestClient]:
    """An app whose database is away."""
    url = SecretStr("postgresql+psycopg://nobody@127.0.0.1:9/nothing?connect_timeout=1")
    security = SecuritySettings(trusted_hosts="testserver", admin_key=SecretStr(ADMIN_KEY))
    groups = {"database": DatabaseSettings(url=url), "security": security}
    app = create_app(make_settings(groups=groups), registry=MemoryRegistry())
    with TestClient(app, follow_redirects=False) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def every_route(routes: Any) -> list[tuple[str, str]]:
    """Method and path of all that the app answers, also of routers within routers."""
    found: list[tuple[str, str]] = []
    for route in routes:
        if hasattr(route, "original_router"):
            found += every_route(route.original_router.routes)
        elif hasattr(route, "methods"):
            # As OpenAPI writes it: without the converter of a parameter.
            path = re.sub(r":\w+}", "}", route.path)
            found += [(method, path) for method in route.methods if method not in ("HEAD", "OPTIONS")]
        else:
            found.append(("MOUNT", route.path))
    return found


def filled(path: str) -> str:
    """A path with something in the place of its parameters."""
    parts = ("1" if part.startswith("{") else part for part in path.split("/"))
    return "/".join(parts)


class TestEveryRoute:
    def test_is_open_on_purpose_or_refuses_whoever_shows_nothing(self, site: Any) -> None:
        routes = set(every_route(site.client.app.routes))
        guarded = sorted(routes - OPEN)
        assert ("GET", KEYS) in guarded
        answers = {
            (method, path): site.client.request(method, filled(path), headers={"Accept": "text/html"})
            for method, path in guarded
        }
        wrong = {
            route: answer.status_code
            for route, answer in answers.items()
            if answer.status_code != 401
            and not (answer.status_code == 303 and answer.headers["Location"].startswith("/login"))
        }
        assert wrong == {}

    def test_that_is_described_is_found_by_this_test(self, site: Any) -> None:
        described = {
            (method.upper(), path)
            for path, operations in site.client.get("/openapi.json").json()["paths"].items()
            for method in operations
        }
        assert described <= set(every_route(site.client.app.routes))


class TestKeys:
    @pytest.mark.parametrize("name", ["Authorization", "X-API-Key"])
    def test_the_admin_key_opens_everything(self, site: Any, name: str) -> None:
        value = f"Bearer {ADMIN_KEY}" if name == "Authorization" else ADMIN_KEY
        assert site.client.get(KEYS, headers={name: value}).status_code == 200
        made = site.client.post(KEYS, headers={name: value}, json={"name": "robot", "scopes": ["admin"]})
        assert made.status_code == 201
        assert made.json()["created_by"] == "admin key"

    def test_a_stored_key_is_good_for_its_scopes(self, site: Any) -> None:
        _, admin = site.add_key(Scope.ADMIN)
        _, predict = site.add_key(Scope.PREDICT)
        assert site.client.get(KEYS, headers=bearer(admin)).status_code == 200
        refused = site.client.get(KEYS, headers=bearer(predict))
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")

    def test_its_use_is_written_down(self, site: Any) -> None:
        _, key = site.add_key(Scope.ADMIN)
        site.client.get(KEYS, headers=bearer(key))
        wait_until(lambda: every_key(site.database)[0].last_used_at)  # written after the answer

    def test_revoked_here_it_is_refused_at_once(self, site: Any) -> None:
        number, key = site.add_key(Scope.ADMIN)
        assert site.client.get(KEYS, headers=bearer(key)).status_code == 200
        assert site.client.delete(f"{KEYS}{number}", headers=bearer(ADMIN_KEY)).status_code == 200
        refused = site.client.get(KEYS, headers=bearer(key))
        assert (refused.status_code, refused.json()["code"]) == (401, "login_needed")

    def test_revoked_elsewhere_it_is_refused_once_it_was_asked_for_again(self, site: Any) -> None:
        number, key = site.add_key(Scope.ADMIN)
        assert site.client.get(KEYS, headers=bearer(key)).status_code == 200
        revoke(site.database, number)
        site.client.app_state["services"].security.keys.forget()  # what time does, see test_keys
        assert site.client.get(KEYS, headers=bearer(key)).status_code == 401

    @pytest.mark.parametrize(
        "header",
        [
            ("Authorization", "Bearer "),
            ("Authorization", f"Bearer {ADMIN_KEY[:-1]}"),
            ("Authorization", f"Basic {ADMIN_KEY}"),
            ("Authorization", "Bearer ol_" + "A" * 43),
            ("Authorization", "Bearer ü"),
            ("X-API-Key", ""),
            ("X-API-Key", "x" * 10_000),
        ],
    )
    def test_any_other_is_refused(self, site: Any, header: tuple[str, str]) -> None:
        refused = site.client.get(KEYS, headers=[(header[0], header[1].encode("latin-1"))])
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert refused.headers["Content-Type"] == "application/problem+json"

    def test_a_wrong_key_is_refused_though_somebody_is_logged_in(self, site: Any) -> None:
        site.log_in()
        assert site.client.get(KEYS, headers=bearer("x")).status_code == 401

    def test_a_login_for_a_proxy_is_not_ours(self, site: Any) -> None:
        site.log_in()
        assert site.client.get(KEYS, headers={"Authorization": "Basic YTpi"}).status_code == 200

    def test_without_an_admin_key_an_empty_one_opens_nothing(self, make_site: Callable[..., Any]) -> None:
        site = make_site(admin_key=None)
        for key in ("", "None", "null"):
            assert site.client.get(KEYS, headers=bearer(key)).status_code == 401


class TestCsrf:
    def test_a_session_changes_nothing_without_its_token(self, site: Any) -> None:
        site.log_in()
        for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x" * 43}):
            refused = site.client.post(KEYS, json={"name": "robot"}, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
        assert site.client.delete(f"{KEYS}1").status_code == 403
        assert every_key(site.database) == []

    def test_a_session_changes_what_it_likes_with_its_token(self, site: Any) -> None:
        site.log_in()
        made = site.client.post(KEYS, json={"name": "robot"}, headers={"X-CSRF-Token": site.csrf_token()})
        assert made.status_code == 201
        assert made.json()["created_by"] == "ann"

    def test_the_token_of_another_session_is_none(self, site: Any) -> None:
        site.log_in()
        other = site.csrf_token()
        site.client.cookies.clear()
        site.log_in()
        refused = site.client.post(KEYS, json={"name": "robot"}, headers={"X-CSRF-Token": other})
        assert refused.status_code == 403

    def test_the_token_in_the_address_does_not_count(self, site: Any) -> None:
        site.log_in()
        refused = site.client.post(f"{KEYS}?csrf_token={site.csrf_token()}", json={"name": "robot"})
        assert refused.status_code == 403

    def test_a_key_needs_none(self, site: Any) -> None:
        assert site.client.post(KEYS, json={"name": "x"}, headers=bearer(ADMIN_KEY)).status_code == 201


class TestPredicting:
    def test_is_open_by_default_and_then_no_key_is_looked_at(self, site: Any) -> None:
        assert site.client.post(PREDICT, json={"text": "x"}, headers=bearer("wrong")).status_code == 200

    @pytest.mark.parametrize(
        ("method", "address", "body"),
        [
            ("POST", PREDICT, {"text": "x"}),
            ("GET", f"{PREDICT}?text=x", None),
            ("POST", "/api/v1/inference/batch_predict", ["x"]),
            ("POST", "/api/v1/inference/explain", {"text": "x"}),
            ("POST", "/predict", {"text": "x"}),
        ],
    )
    def test_where_it_needs_a_key_only_some_get_answers(
        self, closed: Any, method: str, address: str, body: Any
    ) -> None:
        closed.begin_anew()

        def ask(**headers: str) -> int:
            return int(closed.client.request(method, address, json=body, headers=headers).status_code)

        _, predict = closed.add_key(Scope.PREDICT)
        _, admin = closed.add_key(Scope.ADMIN)
        assert ask() == 401
        assert ask(Authorization="Bearer wrong") == 401
        assert ask(Authorization=f"Bearer {admin}") == 403
        assert ask(Authorization=f"Bearer {predict}") == 200
        assert ask(Authorization=f"Bearer {ADMIN_KEY}") == 200
        closed.log_in()
        assert ask() == 200

    def test_the_home_page_answers_only_who_is_logged_in(self, closed: Any) -> None:
        closed.begin_anew()
        refused = closed.client.post("/", data={"text": "I love it"})
        assert refused.status_code == 401
        assert "Predictions need a login here." in refused.text
        given = closed.client.post("/feedback", data={"text": "I love it", "label": "POSITIVE"})
        assert given.status_code == 401
        assert "predictions need a login, too" in closed.client.get("/login").text
        closed.log_in()
        assert closed.client.post("/", data={"text": "I love it"}).status_code == 200


class TestWithoutTheDatabase:
    def test_predictions_go_on(self, away: TestClient) -> None:
        assert away.post(PREDICT, json={"text": "x"}, headers=bearer("ol_" + "A" * 43)).status_code == 200
        away.cookies.set("opinionlens_session", "A" * 43)
        assert away.get("/").status_code == 200
        away.cookies.clear()

    @pytest.mark.parametrize(
        "headers", [bearer("ol_" + "A" * 43), {"Cookie": "opinionlens_session=" + "A" * 43}]
    )
    def test_whoever_must_be_looked_up_hears_503(self, away: TestClient, headers: dict[str, str]) -> None:
        answer = away.get(KEYS, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")

    def test_a_key_that_cannot_be_one_is_refused_all_the_same(self, away: TestClient) -> None:
        assert away.get(KEYS, headers=bearer("x")).status_code == 401
        assert away.get(KEYS).status_code == 401

    def test_the_login_says_so_on_its_page(self, away: TestClient) -> None:
        token = "A" * 43
        away.cookies.set("opinionlens_login", token)
        form = {"username": "ann", "password": PASSWORD, "token": token}
        answer = away.post("/login", data=form)
        assert answer.status_code == 503
        assert "The database does not answer" in answer.text
        away.cookies.clear()


class TestKeyRoutes:
    def test_a_key_is_shown_once_and_listed_without_itself(self, site: Any) -> None:
        made = site.client.post(
            KEYS, json={"name": " nightly ", "scopes": ["predict", "admin"]}, headers=bearer(ADMIN_KEY)
        )
        assert made.headers["Cache-Control"] == "no-store"
        key = made.json().pop("key")
        assert key.startswith(made.json()["prefix"])
        listed = site.client.get(KEYS, headers=bearer(ADMIN_KEY))
        (row,) = listed.json()
        assert (row["name"], row["scopes"], row["revoked_at"]) == ("nightly", ["admin", "predict"], None)
        assert key not in listed.text
        assert site.client.get(KEYS, headers=bearer(key)).status_code == 200

    def test_revoking_twice_changes_nothing_and_what_is_not_there_is_404(self, site: Any) -> None:
        number, _ = site.add_key(Scope.PREDICT)
        first, second = (
            site.client.delete(f"{KEYS}{number}", headers=bearer(ADMIN_KEY)).json() for _ in range(2)
        )
        assert first == second
        assert first["revoked_at"]
        missing = site.client.delete(f"{KEYS}{10**30}", headers=bearer(ADMIN_KEY))
        assert (missing.status_code, missing.json()["code"]) == (404, "record_not_found")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"name": ""},
            {"name": "  "},
            {"name": "x" * 101},
            {"name": "report\n[info] done by=admin"},
            {"name": "report\x1b[2J"},
            {"name": "x", "scopes": []},
            {"name": "x", "scopes": ["root"]},
            {"name": "x", "colour": "blue"},
            [],
        ],
    )
    def test_what_makes_no_sense_is_refused(self, site: Any, body: Any) -> None:
        refused = site.client.post(KEYS, json=body, headers=bearer(ADMIN_KEY))
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
        assert every_key(site.database) == []

    def test_nobody_learns_what_is_wrong_before_they_show_who_they_are(self, site: Any) -> None:
        assert site.client.post(KEYS, json={}).status_code == 401
