"""Retrainings on `/admin/history`, as the server sends them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient
from tests.support.admin_pages import SECURITY, logged_in, words_in
from tests.support.web_app import MakeSettings

from opinionlens.base.settings import Settings
from opinionlens.storage import Database, retrainings
from opinionlens.storage.retrainings import Retraining


@pytest.fixture
def own(make_settings: MakeSettings) -> Settings:
    return make_settings(groups={"security": SECURITY})


@pytest.fixture
def admin(own: Settings) -> Iterator[TestClient]:
    """A client that has logged in."""
    with logged_in(own, "/admin/history") as client:
        yield client


def words_of(client: TestClient) -> str:
    return words_in(client.get("/admin/history").text)


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
