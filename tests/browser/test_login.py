"""Logging in and out in a real browser: with its own idea of cookies, origins and forms."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from opinionlens.accounts.first_user import ensure_first_user
from opinionlens.base.setting_groups import ApiSettings, DatabaseSettings, SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.storage import Database, migrate
from opinionlens.web.factory import create_app

pytestmark = pytest.mark.browser

Violations = Callable[..., list[str]]

ROOT = Path(__file__).parents[2]
PASSWORD = "a fine day for a walk"
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an app with the user `ann` answers."""
    data = tmp_path_factory.mktemp("app")
    url = f"sqlite:///{data / 'opinionlens.db'}"
    migrate(url)
    security = SecuritySettings(admin_username="ann", admin_password=SecretStr(PASSWORD))
    with closing(Database(url)) as database:
        ensure_first_user(database, security)
    api = ApiSettings(
        saved_model_path=data / "models",
        static_path=ROOT / "static",
        templates_path=ROOT / "templates",
        error_log_path=data / "app.log",
    )
    changes = {"api": api, "database": DatabaseSettings(url=SecretStr(url)), "security": security}
    app = create_app(Settings().model_copy(update=changes), registry=MemoryRegistry())
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listener.close()


def log_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize("javascript", [True, False])
def test_in_and_out(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/admin/history", java_script_enabled=javascript)
    expect(page).to_have_url(re.compile(r"/login\?next=/admin/history$"))
    log_in(page)
    expect(page).to_have_url(re.compile(r"/admin/history$"))
    (cookie,) = page.context.cookies()
    assert cookie["name"] == "opinionlens_session"
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile(r"/$"))
    assert page.context.cookies() == []
    page.goto("/admin/history")
    expect(page).to_have_url(re.compile(r"/login"))


def test_a_wrong_password_is_said_and_one_can_try_again(open_page: OpenPage) -> None:
    page = open_page("/login")
    expect(page.get_by_label("Name")).to_be_focused()
    log_in(page, "a rainy day for a walk")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is not right.")
    log_in(page)
    expect(page).to_have_url(re.compile(r"/admin$"))


def test_the_form_of_another_site_logs_nobody_in(open_page: OpenPage, tmp_path: Path, address: str) -> None:
    forged = tmp_path / "forged.html"
    forged.write_text(
        f'<form method="post" action="{address}/login">'
        f'<input name="username" value="ann"><input name="password" value="{PASSWORD}">'
        f'<input name="token" value="{"A" * 43}"><button>Win</button></form>'
    )
    page = open_page("/login")  # which leaves its cookie
    page.goto(forged.as_uri())
    page.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("Please try again.")
    assert [cookie["name"] for cookie in page.context.cookies()] == ["opinionlens_login"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: OpenPage, violations: Violations, scheme: Any) -> None:
    page = open_page("/login", color_scheme=scheme)
    log_in(page, "a rainy day for a walk")
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []


def test_a_phone_shows_all_without_scrolling_sideways(open_page: OpenPage) -> None:
    page = open_page("/login", viewport={"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.get_by_role("button", name="Log in")).to_be_in_viewport()
