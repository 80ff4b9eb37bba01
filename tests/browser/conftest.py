"""A real server on a free port of this machine and a real Chromium, alone with each other."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from pydantic import SecretStr

from opinionlens.base.files import replacing_directory
from opinionlens.base.setting_groups import ApiSettings, DatabaseSettings, SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry, Version
from opinionlens.registry.port import BYTES_TAG, CHAMPION, EVALS_TAG
from opinionlens.server.bootstrap import prepare
from opinionlens.web.factory import create_app

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

PASSWORD = "four quiet lenses look on"
ADMIN_KEY = "a-key-for-the-tests-that-nobody-else-has-1234567890"

GOOD, TAMPERED, FOREIGN = 2, 3, 4
WORDS = {"great": 3.0, "awful": -3.0, "fair": 1.0, "late": -1.2}
_CLASSES = {f"test_per_class_{name}_f1": 0.7 for name in ("negative", "neutral", "positive")}
EVALS = {
    "slices": {
        "short_text": {"macro_f1": 0.76, "n": 1962},
        "long_text": {"macro_f1": 0.727, "n": 1835},
    },
    "sources": {"brand_tweets": {"macro_f1": 0.756, "n": 6876}},
    "behaviour": {"negation_flips_praise": 1.0, "facts_are_neutral": 0.35},
    "hard_behaviour": {"negation_flips_complaints": 0.875},
    "everyday": {
        "all": {
            "n": 200,
            "accuracy": 0.835,
            "accuracy_low": 0.777,
            "accuracy_high": 0.88,
            "sure_and_wrong": 3,
            "macro_f1": 0.81,
            "macro_f1_low": 0.751,
            "macro_f1_high": 0.862,
            "vader_macro_f1": 0.549,
            "ece": 0.264,
            "uncertain": 0.27,
            "error_when_sure": 0.09,
        },
        "lexical_negation": {"n": 10, "accuracy": 0.8},
    },
    "lengths": {
        "over_400_tokens": {"n": 0},
        "101_to_400_tokens": {"n": 120, "ece": 0.04},
        "at_most_32_tokens": {"n": 6870, "accuracy": 0.77, "ece": 0.016},
        "33_to_100_tokens": {"n": 1},
    },
    "other_kinds": {
        "imdb": {
            "n": 5000,
            "accuracy": 0.773,
            "accuracy_low": 0.761,
            "accuracy_high": 0.784,
            "macro_f1": 0.772,
            "macro_f1_low": 0.76,
            "macro_f1_high": 0.783,
            "vader_macro_f1": 0.791,
            "ece": 0.033,
            "uncertain": 0.05,
            "error_when_sure": 0.215,
        },
        "amazon_food": {"n": 0},
        "ours/tickets.csv": {"n": 12, "macro_f1": 0.6, "vader_macro_f1": 0.5, "ece": 0.1, "uncertain": 1.0},
    },
}


class GatedRegistry(MemoryRegistry):
    """Downloads of the version `gated` stop half-way until the gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gated: int | None = None
        self.gate = threading.Event()

    def download(self, version: Version, into: Path) -> Path:
        if version.number != self.gated:
            return super().download(version, into)
        files = self._entry(version.name, version.number).files
        with replacing_directory(into) as aside:
            (aside / "manifest.json").write_bytes(files["manifest.json"])
            (aside / "weights.npz").write_bytes(files["weights.npz"][:-200])
            self.gate.wait(60)
            (aside / "weights.npz").write_bytes(files["weights.npz"])
        return into


@dataclass(frozen=True)
class Site:
    """A running app and what stands behind it."""

    address: str
    registry: GatedRegistry


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


@contextmanager
def running(folder: Path, registry: GatedRegistry) -> Iterator[Site]:
    """The app on a free port, with a database and a cache of its own, and somebody who can log in."""
    settings = Settings().model_copy(
        update={
            "api": ApiSettings(
                saved_model_path=folder / "models",
                static_path=ROOT / "static",
                templates_path=ROOT / "templates",
                error_log_path=folder / "app.log",
                follow_seconds=1,
            ),
            "database": DatabaseSettings(url=SecretStr(f"sqlite:///{folder / 'opinionlens.db'}")),
            "security": SecuritySettings(
                admin_password=SecretStr(PASSWORD), admin_key=SecretStr(ADMIN_KEY), feedback_per_minute=1_000
            ),
        }
    )
    prepare(settings)
    app = create_app(settings, registry=registry)
    listener = socket.create_server(("127.0.0.1", 0))
    # Browsers keep their connections; the server does not wait for them.
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", registry)
    registry.gate.set()
    server.should_exit = True
    thread.join(20)
    listener.close()


@pytest.fixture(scope="session")
def add_version(
    write_word_model: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., None]:
    """A function that registers a small classifier with scores and with what a model card shows."""

    def add(registry: GatedRegistry, words: dict[str, float], macro_f1: float) -> None:
        folder = tmp_path_factory.mktemp("made") / "classifier"
        digest = write_word_model(
            folder,
            words,
            sources=["brand_tweets"],
            run_id="4f2c9a7be31d",
            git_commit="d057843",
            data_hash="9f86",
        )
        size = sum(path.stat().st_size for path in folder.iterdir())
        tags = {BYTES_TAG: str(size), EVALS_TAG: json.dumps(EVALS)}
        scores = {"test_f1_score": macro_f1, "test_accuracy": 0.77, "test_ece": 0.015, "test_n": 6876.0}
        registry.register(
            "opinionlens", folder, digest=digest, run_id=None, tags=tags, scores=scores | _CLASSES
        )

    return add


@pytest.fixture(scope="session")
def address(add_version: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the app answers, with a small trained model."""
    registry = GatedRegistry()
    add_version(registry, WORDS, 0.756)
    registry.set_alias("opinionlens", CHAMPION, 1)
    with running(tmp_path_factory.mktemp("app"), registry) as site:
        yield site.address


@pytest.fixture
def site(add_version: Callable[..., None], tmp_path: Path) -> Iterator[Site]:
    """An app for one test: a champion, a better version, one whose files were changed, and a foreign one."""
    registry = GatedRegistry()
    add_version(registry, WORDS, 0.756)
    add_version(registry, WORDS | {"late": 2.5}, 0.772)
    add_version(registry, WORDS | {"slow": -2.0}, 0.742)
    registry.replace_files(
        "opinionlens", TAMPERED, registry._entry("opinionlens", TAMPERED).files | {"weights.npz": b"changed"}
    )
    registry.add_foreign("opinionlens")
    registry.set_alias("opinionlens", CHAMPION, 1)
    with running(tmp_path, registry) as site:
        yield site


@pytest.fixture
def violations() -> Callable[..., list[str]]:
    """A function: what axe finds on a page, one line per place; rules that are accepted are not asked."""

    def find(page: playwright_api.Page, *accepted: str) -> list[str]:
        options = {"rules": {rule: {"enabled": False} for rule in accepted}}
        page.wait_for_load_state("load")
        found = Axe().run(page, options=options).response["violations"]
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]

    return find


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def open_at(browser: playwright_api.Browser, seen: Seen) -> Iterator[Callable[..., playwright_api.Page]]:
    """A function that opens an address in a fresh window; what goes wrong there is in `seen`."""
    contexts: list[playwright_api.BrowserContext] = []

    def open_at(address: str, path: str = "/", **options: Any) -> playwright_api.Page:
        def note(url: str) -> None:
            if not url.startswith((f"{address}/", "data:", "blob:")):
                seen.foreign.append(url)

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


@pytest.fixture
def open_page(
    open_at: Callable[..., playwright_api.Page], address: str
) -> Callable[..., playwright_api.Page]:
    """A function that opens a page of the app with a small trained model."""
    return lambda path="/", **options: open_at(address, path, **options)


@pytest.fixture
def open_admin(open_at: Callable[..., playwright_api.Page], site: Site) -> Callable[..., playwright_api.Page]:
    """A function that logs in and opens a page of the admins; the registry's list has arrived."""

    def open_admin(path: str = "/admin", **options: Any) -> playwright_api.Page:
        page = open_at(site.address, path, **options)
        page.get_by_label("Name").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"**{path}")
        return page

    return open_admin
