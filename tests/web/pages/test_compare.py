"""`/admin/compare`: figures of loaded and of registered versions, with the registry there or away."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.support.admin_pages import SECURITY, logged_in, words_in

from opinionlens.registry import MemoryRegistry
from opinionlens.registry.port import BYTES_TAG, EVALS_TAG
from opinionlens.storage import Database, users
from opinionlens.storage.users import Role

EVALS = {
    "slices": {"short_text": {"macro_f1": 0.7, "n": 40}},
    "speed": {"n": 200, "alone_us": 92.0, "together_us": 70.0},
}


@pytest.fixture(scope="module")
def registry(
    write_word_model: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> MemoryRegistry:
    """Two versions that nobody loads; the second has figures."""
    registry, made = MemoryRegistry(), tmp_path_factory.mktemp("made") / "model"
    for weight, evals in ((3.0, {}), (2.0, EVALS)):
        registry.register(
            "opinionlens",
            made,
            digest=write_word_model(made, {"great": weight}),
            run_id=None,
            tags={BYTES_TAG: "18450112", EVALS_TAG: json.dumps(evals)},
            scores={"test_f1_score": 0.75 + weight / 100},
        )
    registry.add_foreign("opinionlens")
    return registry


@pytest.fixture(scope="module")
def browser(make_settings: Callable[..., Any], registry: MemoryRegistry) -> Iterator[TestClient]:
    """A person who has logged in."""
    settings = make_settings(groups={"security": SECURITY})
    with logged_in(settings, "/admin/compare", registry=registry) as client:
        yield client


def test_versions_of_the_registry_are_compared_without_loading_them(browser: TestClient) -> None:
    page = browser.get("/admin/compare?versions=opinionlens-2,opinionlens-1")
    assert page.status_code == 200
    words = words_in(page.text)
    assert "Macro F1 0.770 0.780 ★ best" in words
    assert "Short text 0.700 n = 40 not recorded" in words
    assert "One text alone 92 µs not recorded" in words
    assert "Size on disk 18 MB 18 MB" in words
    assert "Needs to serve nothing more nothing more" in words
    assert not re.search(r"\sstyle=|<style|\son\w+=", page.text)
    assert (
        "To try opinionlens 2 and opinionlens 1 on texts, fetch opinionlens 2 and opinionlens 1 first."
        in words
    )


def test_checkboxes_choose_and_versions_that_cannot_serve_are_not_offered(browser: TestClient) -> None:
    page = browser.get("/admin/compare?versions=opinionlens-1&versions=opinionlens-9").text
    boxes = re.findall(r'value="(opinionlens-\d)"( checked)?', page)
    assert boxes == [("opinionlens-2", ""), ("opinionlens-1", " checked")]
    assert "opinionlens-9 is neither loaded nor in the registry." in words_in(page)


def test_with_the_registry_away_the_page_says_so(browser: TestClient, registry: MemoryRegistry) -> None:
    registry.reachable = False
    try:
        page = browser.get("/admin/compare")
    finally:
        registry.reachable = True
    assert page.status_code == 200
    assert "The registry does not answer: only loaded versions are shown." in words_in(page.text)


def test_a_login_is_needed(client: TestClient) -> None:
    assert client.get("/admin/compare", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    ("role", "on_models", "on_compare"),
    [
        (Role.ADMIN, "Fetch a version from the registry below.", "Promote one, or fetch one"),
        (Role.ANALYST, "An admin can fetch a version", "An admin can fetch one from the registry."),
        (Role.VIEWER, "An admin can fetch a version", "An admin can fetch one from the registry."),
    ],
)
def test_nobody_is_told_to_do_what_the_role_may_not(
    make_settings: Callable[..., Any], role: Role, on_models: str, on_compare: str
) -> None:
    settings = make_settings(groups={"security": SECURITY})
    with logged_in(settings, "/admin", registry=MemoryRegistry()) as client:
        with closing(Database(settings.database.url.get_secret_value())) as database:
            users.set_role(database, "admin", role)
        assert on_models in words_in(client.get("/admin").text)
        assert on_compare in words_in(client.get("/admin/compare").text)


def test_an_analyst_asks_for_the_versions_to_try(
    make_settings: Callable[..., Any], registry: MemoryRegistry
) -> None:
    settings = make_settings(groups={"security": SECURITY})
    with logged_in(settings, "/admin", registry=registry) as client:
        with closing(Database(settings.database.url.get_secret_value())) as database:
            users.set_role(database, "admin", Role.ANALYST)
        words = words_in(client.get("/admin/compare?versions=opinionlens-2,opinionlens-1").text)
    assert "ask an admin to fetch opinionlens 2 and opinionlens 1 first." in words
