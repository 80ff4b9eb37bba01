"""A real server on a free port of this machine and a real Chromium, alone with each other."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn

from opinionlens.app.factory import create_app
from opinionlens.registry import MemoryRegistry
from opinionlens.registry.port import CHAMPION
from opinionlens.settings import ApiSettings, DatabaseSettings, Settings

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ALONE = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Seen:
    """What a page did beside what it was told to."""

    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


# Not for the whole session: while Playwright is open, nothing else in this thread can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[playwright_api.Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine: apt-get install chromium")
    # A busy machine may be slow; what never comes fails all the same.
    playwright_api.expect.set_options(timeout=30_000)
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ALONE)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(write_word_model: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the app answers, with a small trained model."""
    folder = tmp_path_factory.mktemp("made") / "classifier"
    digest = write_word_model(folder, {"great": 3.0, "awful": -3.0, "fair": 1.0, "late": -1.2})
    registry = MemoryRegistry()
    registry.register("opinionlens", folder, digest=digest, run_id=None, tags={}, scores={})
    registry.set_alias("opinionlens", CHAMPION, 1)
    data = tmp_path_factory.mktemp("app")
    api = ApiSettings(
        saved_model_path=data / "models",
        static_path=ROOT / "static",
        templates_path=ROOT / "templates",
        error_log_path=data / "app.log",
    )
    database = DatabaseSettings(url=f"sqlite:///{data / 'opinionlens.db'}")
    settings = Settings().model_copy(update={"api": api, "database": database})
    app = create_app(settings, registry=registry)
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


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def open_page(
    browser: playwright_api.Browser, address: str, seen: Seen
) -> Iterator[Callable[..., playwright_api.Page]]:
    """A function that opens an address of the app in a fresh window; what goes wrong there is in `seen`."""
    contexts: list[playwright_api.BrowserContext] = []

    def note(url: str) -> None:
        if not url.startswith((f"{address}/", "data:")):
            seen.foreign.append(url)

    def open_at(path: str = "/", **options: object) -> playwright_api.Page:
        contexts.append(browser.new_context(base_url=address, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else 0)
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("request", lambda request: note(request.url))
        page.goto(path)
        return page

    yield open_at
    for context in contexts:
        context.close()
