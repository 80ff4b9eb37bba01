"""What a viewer, an analyst and an admin may do, route by route."""

from __future__ import annotations

from typing import Any

import pytest
from tests.accounts.test_guards import OPEN, every_route, filled

from opinionlens.accounts.rights import RIGHTS_OF_ROLE, rights_of_scopes
from opinionlens.storage import users
from opinionlens.storage.api_keys import Scope
from opinionlens.storage.users import Role

MODELS = "/api/v1/models"
# The least role for each route that is not open to all.
LEAST = {
    ("GET", "/admin"): Role.VIEWER,
    # Then the tool decides; tests/accounts/test_tool_login.py has their roles.
    ("GET", "/auth/start"): Role.VIEWER,
    ("GET", "/admin/history"): Role.VIEWER,
    ("GET", "/admin/models/{model_id}"): Role.VIEWER,
    ("GET", "/admin/drift"): Role.VIEWER,
    ("GET", "/admin/compare"): Role.VIEWER,
    ("GET", f"{MODELS}/"): Role.VIEWER,
    ("GET", f"{MODELS}/status"): Role.VIEWER,
    ("GET", f"{MODELS}/history"): Role.VIEWER,
    ("GET", f"{MODELS}/registry"): Role.VIEWER,
    ("GET", f"{MODELS}/fetches/"): Role.VIEWER,
    ("GET", f"{MODELS}/fetches/{{fetch_id}}"): Role.VIEWER,
    ("GET", f"{MODELS}/fetches/{{fetch_id}}/events"): Role.VIEWER,
    ("GET", f"{MODELS}/{{model_id}}"): Role.VIEWER,
    ("GET", f"{MODELS}/{{model_id}}/card"): Role.VIEWER,
    ("GET", "/admin/evaluate"): Role.ANALYST,
    ("GET", "/admin/shadow"): Role.ANALYST,
    ("POST", "/admin/evaluate/report"): Role.ANALYST,
    ("GET", "/admin/review"): Role.ANALYST,
    ("POST", "/admin/review"): Role.ANALYST,
    ("GET", "/admin/try"): Role.ANALYST,
    ("POST", "/admin/try"): Role.ANALYST,
    ("POST", "/admin/try/report"): Role.ANALYST,
    ("POST", f"{MODELS}/try"): Role.ANALYST,
    ("POST", f"{MODELS}/{{model_id}}/try"): Role.ANALYST,
    ("GET", "/api/v1/feedback"): Role.ANALYST,
    ("GET", "/api/v1/feedback/export"): Role.ANALYST,
    ("POST", "/api/v1/feedback/delete"): Role.ADMIN,
    ("DELETE", "/api/v1/feedback/{feedback_id}"): Role.ADMIN,
    ("POST", f"{MODELS}/"): Role.ADMIN,
    ("DELETE", f"{MODELS}/"): Role.ADMIN,
    ("POST", f"{MODELS}/rollback"): Role.ADMIN,
    ("POST", f"{MODELS}/follow"): Role.ADMIN,
    ("DELETE", f"{MODELS}/{{model_id}}"): Role.ADMIN,
    ("POST", f"{MODELS}/{{model_id}}/activate"): Role.ADMIN,
    ("GET", "/admin/keys"): Role.ADMIN,
    ("GET", "/api/v1/keys/"): Role.ADMIN,
    ("POST", "/api/v1/keys/"): Role.ADMIN,
    ("DELETE", "/api/v1/keys/{key_id}"): Role.ADMIN,
}
# A body that is read before the route decides; without it the answer would be 422 for everybody.
BODIES = {
    ("POST", "/api/v1/feedback/delete"): {"text": "none"},
    ("POST", f"{MODELS}/"): {"model_name": "none", "model_version": 1},
    ("POST", f"{MODELS}/rollback"): {},
    ("POST", f"{MODELS}/follow"): {},
    ("POST", f"{MODELS}/{{model_id}}/activate"): {},
    ("POST", "/api/v1/keys/"): {"name": "robot"},
}
QUERIES = {
    ("POST", "/admin/evaluate/report"): {"file_name": "a.csv"},
    ("DELETE", f"{MODELS}/"): {"model_id": "x-1"},
}


def ask(site: Any, route: tuple[str, str], **headers: str) -> int:
    """The status for whoever is logged in."""
    method, path = route
    answer = site.client.request(
        method, filled(path), params=QUERIES.get(route), json=BODIES.get(route), headers=headers
    )
    return int(answer.status_code)


def test_every_route_that_is_not_open_has_its_role(site: Any) -> None:
    assert set(every_route(site.client.app.routes)) - OPEN == set(LEAST)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.ADMIN])
def test_a_role_opens_its_own_routes_and_those_of_lesser_roles(site: Any, role: Role) -> None:
    ranks = ["viewer", "analyst", "admin"]
    site.log_in_as(role)
    token = site.csrf_token()
    wrong = {}
    for route, least in LEAST.items():
        status = ask(site, route, **{"X-CSRF-Token": token})
        may = ranks.index(role) >= ranks.index(least)
        if status == 401 or (status == 403) == may:
            wrong[route] = status
    assert wrong == {}


def test_a_role_that_is_too_low_is_named_to_programs_and_on_a_page(site: Any) -> None:
    site.log_in_as(Role.VIEWER)
    refused = site.client.get("/api/v1/keys/")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert refused.json()["detail"] == "This needs the role `admin`. Ask an admin for it."
    page = site.client.get("/admin/review", headers={"Accept": "text/html"})
    assert page.status_code == 403
    assert "This needs the role <code>analyst</code>." in page.text


def test_a_new_role_counts_at_once(site: Any) -> None:
    site.log_in_as(Role.ADMIN)
    assert site.client.get("/api/v1/keys/").status_code == 200
    users.set_role(site.database, "ann", Role.ANALYST)
    assert site.client.get("/api/v1/keys/").status_code == 403
    assert site.client.get("/api/v1/feedback").status_code == 200


def test_a_page_offers_what_the_role_may_do(site: Any) -> None:
    tabs = {}
    for role in Role:
        site.log_in_as(role)
        page = site.client.get("/admin").text
        tabs[role.value] = [
            name
            for name in ("Models", "Compare", "Evaluate", "Drift", "Review", "History", "API keys")
            if f">{name}</a>" in page
        ]
        site.client.cookies.clear()
    assert tabs == {
        "viewer": ["Models", "Compare", "Drift", "History"],
        "analyst": ["Models", "Compare", "Evaluate", "Drift", "Review", "History"],
        "admin": ["Models", "Compare", "Evaluate", "Drift", "Review", "History", "API keys"],
    }
    site.log_in_as(Role.ANALYST)
    assert '<body data-rights="analyse predict view">' in site.client.get("/admin").text


def test_the_table_of_rights() -> None:
    assert {role.value: sorted(rights) for role, rights in RIGHTS_OF_ROLE.items()} == {
        "viewer": ["predict", "view"],
        "analyst": ["analyse", "predict", "view"],
        "admin": ["analyse", "manage", "predict", "view"],
    }
    assert sorted(rights_of_scopes({Scope.PREDICT})) == ["predict"]
    assert sorted(rights_of_scopes({Scope.ADMIN})) == ["analyse", "manage", "view"]
    assert rights_of_scopes(()) == frozenset()
