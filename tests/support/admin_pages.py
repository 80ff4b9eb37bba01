"""The admin pages as a person who has logged in gets them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr
from starlette.testclient import TestClient
from tests.support.web_app import wait_until_recording

from opinionlens.base.setting_groups import SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.server.bootstrap import prepare
from opinionlens.web.factory import create_app

_PASSWORD = "four quiet lenses look on"
SECURITY = SecuritySettings(trusted_hosts="testserver,localhost", admin_password=SecretStr(_PASSWORD))


@contextmanager
def logged_in(
    settings: Settings, page: str, *, registry: MemoryRegistry | None = None
) -> Iterator[TestClient]:
    """Yield a client of the app that the login has led to `page`; the registry is empty unless given."""
    prepare(settings)
    with TestClient(create_app(settings, registry=registry or MemoryRegistry())) as client:
        wait_until_recording(client)
        token = re.search(r'name="token" value="([^"]+)"', client.get("/login").text)
        assert token
        sent = {"username": "admin", "password": _PASSWORD, "next": page, "token": token[1]}
        assert client.post("/login", data=sent).url.path == page
        yield client


def words_in(page: str) -> str:
    """Return the words of a page's main part."""
    main = page.split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())
