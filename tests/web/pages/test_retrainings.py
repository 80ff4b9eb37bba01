"""Retrainings on `/admin/history`, as the server sends them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from tests.support.web_app import MakeSettings, wait_until_recording

from opinionlens.base.setting_groups import SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.server.bootstrap import prepare
from opinionlens.storage import Database, retrainings
from opinionlens.storage.retrainings import Retraining
from opinionlens.web.factory import create_app

PASSWORD = "four quiet lenses look on"


@pytest.fixture
def own(make_settings: MakeSettings) -> Settings:
    security = SecuritySettings(trusted_hosts="testserver,localhost", admin_password=SecretStr(PASSWORD))
    return make_settings(groups={"security": security})


@pytest.fixture
def admin(own: Settings) -> Iterator[TestClient]:
    """A client that has logged in."""
    prepare(own)
    with TestClient(create_app(own, registry=MemoryRegistry())) as client:
        wait_until_recording(client)
        token = re.search(r'name="token" value="([^"]+)"', client.get("/login").text)
        assert token
        sent = {"username": "admin", "password": PASSWORD, "next": "/admin/history", "token": token[1]}
        assert client.post("/login", data=sent).url.path == "/admin/history"
        yield client


def words_of(client: TestClient) -> str:
    main = client.get("/admin/history").text.split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def test_each_retraining_is_told_with_its_reasons(own: Settings, admin: TestClient) -> None:
    assert "No retraining yet. opinionlens retrain --propose makes one" in words_of(admin)
    with closing(Database(own.database.url.get_secret_value())) as database:
        for minute, outcome, version in ((1, "refused", None), (2, "proposed", 4), (3, "promoted", 5)):
            at = datetime(2026, 11, 28, 23, minute, tzinfo=UTC)
            body = {"reasons": [f"Because <{outcome}>"], "labels": {"new": 60, "readers": 7}}
            retrainings.add(database, Retraining(at, f"run{minute}", outcome, "words", version, 3, body))
    said = words_of(admin)
    assert "words 5 became the champion. 28 November 2026, 23:03 UTC" in said
    assert "60 new labels, 7 more from readers, run run3" in said
    assert "words 4 is proposed: it is better than the champion, which stays until you decide." in said
    assert "The new classifier was not good enough; nothing was registered." in said
    assert (
        said.index("Because <promoted>") < said.index("Because <proposed>") < said.index("Because <refused>")
    )
