"""The real app over the memory registry: without a champion, so that the word list answers, or with one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from tests.support.waiting import wait_until

from opinionlens.base.setting_groups import ApiSettings, DatabaseSettings, SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.registry.port import CHAMPION
from opinionlens.web.factory import create_app

ROOT = Path(__file__).parents[2]

ADMIN_KEY = SecretStr("the-admin-key-of-the-tests-0123456789abcdef")

MakeSettings = Callable[..., Settings]


@pytest.fixture(scope="session")
def make_settings(tmp_path_factory: pytest.TempPathFactory) -> MakeSettings:
    """A function from changes of the `API__` settings to settings with a cache and a database of their own.

    `groups` replaces whole groups, for example `security=SecuritySettings(…)`.
    """

    def make(*, groups: dict[str, Any] | None = None, **api: Any) -> Settings:
        folder = tmp_path_factory.mktemp("app")
        fields = {
            "saved_model_path": folder / "models",
            "static_path": ROOT / "static",
            "templates_path": ROOT / "templates",
            "error_log_path": folder / "app.log",
            "follow_seconds": 1,
        }
        own = {
            "api": ApiSettings(**fields | api),
            "database": DatabaseSettings(url=f"sqlite:///{folder / 'opinionlens.db'}"),
            "security": SecuritySettings(trusted_hosts="testserver,localhost", admin_key=ADMIN_KEY),
        }
        return Settings().model_copy(update=own | (groups or {}))

    return make


@pytest.fixture(scope="session")
def promoted(
    write_word_model: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> MemoryRegistry:
    """A registry with a champion that finds `great` great, `awful` awful, and cannot decide about `fair`."""
    folder = tmp_path_factory.mktemp("made") / "classifier"
    digest = write_word_model(folder, {"great": 3.0, "awful": -3.0, "fair": 1.0})
    registry = MemoryRegistry()
    registry.register("opinionlens", folder, digest=digest, run_id=None, tags={}, scores={})
    registry.set_alias("opinionlens", CHAMPION, 1)
    return registry


@pytest.fixture(scope="session")
def admin_key() -> str:
    """The key that may do everything with the apps of `make_settings`."""
    return ADMIN_KEY.get_secret_value()


@pytest.fixture(scope="module")
def client(make_settings: MakeSettings) -> Iterator[TestClient]:
    """A client of an app without a champion: the word list answers. Its tables are there."""
    with TestClient(create_app(make_settings(), registry=MemoryRegistry())) as client:
        wait_until_recording(client)
        yield client


@pytest.fixture(scope="module")
def promoted_client(
    make_settings: MakeSettings, promoted: MemoryRegistry, wait_until_loaded: Callable[[TestClient], None]
) -> Iterator[TestClient]:
    """A client of an app whose champion has become active."""
    with TestClient(create_app(make_settings(), registry=promoted)) as client:
        wait_until_loaded(client)
        yield client


def wait_until_recording(client: TestClient) -> None:
    """Return once the app has made its tables."""
    wait_until(lambda: client.app_state["services"].records.is_ready, what="there are tables")


@pytest.fixture(scope="session")
def wait_until_loaded() -> Callable[[TestClient], None]:
    """A function that returns once a trained model is active."""

    def wait(client: TestClient) -> None:
        wait_until(lambda: client.get("/ready").json()["model_loaded"], what="a model is active")

    return wait
