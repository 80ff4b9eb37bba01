"""The pages of the admins as the server sends them; tests/browser sees what scripts make of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from opinionlens.base.setting_groups import SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.server.bootstrap import prepare
from opinionlens.web.factory import create_app

PAGES = [
    "/admin",
    "/admin/drift",
    "/admin/evaluate",
    "/admin/history",
    "/admin/keys",
    "/admin/review",
    "/admin/models/opinionlens-1",
]
PASSWORD = "four quiet lenses look on"


@pytest.fixture(scope="module")
def admin(make_settings: object) -> Iterator[TestClient]:
    """A client that has logged in."""
    security = SecuritySettings(trusted_hosts="testserver,localhost", admin_password=SecretStr(PASSWORD))
    with logged_in(make_settings(groups={"security": security})) as client:  # type: ignore[operator]
        yield client


@contextmanager
def logged_in(settings: Settings) -> Iterator[TestClient]:
    prepare(settings)
    with TestClient(create_app(settings, registry=MemoryRegistry())) as client:
        form = client.get("/login").text
        token = re.search(r'name="token" value="([^"]+)"', form)
        assert token
        sent = {"username": "admin", "password": PASSWORD, "next": "/admin", "token": token[1]}
        assert client.post("/login", data=sent).url.path == "/admin"
        yield client


def test_the_history_says_where_a_folder_decides(
    make_settings: object, admin: TestClient, tmp_path: Path
) -> None:
    security = SecuritySettings(trusted_hosts="testserver,localhost", admin_password=SecretStr(PASSWORD))
    settings = make_settings(groups={"security": security}, model_path=tmp_path)  # type: ignore[operator]
    with logged_in(settings) as client:
        assert "API__MODEL_PATH" in client.get("/admin/history").text
    assert "API__MODEL_PATH" not in admin.get("/admin/history").text


@pytest.mark.parametrize("path", PAGES)
def test_who_is_not_logged_in_is_sent_to_the_login(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/login?next={path}"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_the_name_and_the_token_of_who_is_logged_in(admin: TestClient, path: str) -> None:
    page = admin.get(path)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    token = re.search(r'<meta name="csrf-token" content="([^"]+)">', page.text)
    assert token
    assert f'name="csrf_token" value="{token[1]}"' in page.text  # of the form that logs out
    assert re.search(r"Logged in as </span>admin<", page.text)
    assert '<a href="/admin" aria-current="page">' in page.text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_no_inline_code_and_no_other_origin(admin: TestClient, path: str) -> None:
    html = admin.get(path).text
    assert not re.search(r"\sstyle=|\son\w+=|<style", html)
    assert all(re.search(r'\ssrc="/', tag) for tag in re.findall(r"<script[^>]*>", html))
    loaded = re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="([^"]+)"', html)
    for address in loaded:
        assert address.startswith("/static/")
        assert admin.get(address).status_code == 200, address


def test_every_module_that_a_page_imports_is_there(admin: TestClient) -> None:
    waiting = {
        address
        for path in [*PAGES, "/"]
        for address in re.findall(r'<script type="module" src="([^"]+)"', admin.get(path).text)
    }
    seen: set[str] = set()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        answer = admin.get(address)
        assert answer.status_code == 200, address
        folder = address.rsplit("/", 1)[0]
        for name in re.findall(r'from "(\.{1,2}/[^"]+)"', answer.text):
            up = name.startswith("../")
            target = (
                f"{folder.rsplit('/', 1)[0] if up else folder}/{name.removeprefix('../').removeprefix('./')}"
            )
            waiting |= {target} - seen
    assert "/static/js/admin/decision.js" in seen
    assert "/static/js/files/csv.js" in seen


def test_a_name_in_the_address_is_text(admin: TestClient) -> None:
    page = admin.get("/admin/models/%3Cscript%3Ealert(1)%3C%2Fscript%3E-1").text
    assert "<script>alert" not in page
