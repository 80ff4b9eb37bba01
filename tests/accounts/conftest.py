"""The real app with a user, a cheap hasher, and a browser that knows how to log in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr
from starlette.testclient import TestClient
from tests.support.web_app import wait_until_recording
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from opinionlens.accounts.passwords import Hasher
from opinionlens.accounts.tokens import hash_token, new_key, shown_prefix
from opinionlens.base.setting_groups import SecuritySettings, SiteSettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.storage import Database, api_keys, users
from opinionlens.storage.api_keys import Scope
from opinionlens.storage.tables import api_keys as keys_table
from opinionlens.storage.tables import login_attempts, sessions
from opinionlens.storage.tables import users as users_table
from opinionlens.storage.users import Role
from opinionlens.web.factory import create_app

NAME, PASSWORD = "ann", "a fine day for a walk"
ADMIN_KEY = "admin-key-of-these-tests-0123456789abcdef"


def cheap_hasher() -> Hasher:
    """Argon2 with the least parameters that it takes."""
    return PasswordHash([Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)])


@dataclass
class Site:
    """A running app, as a browser and its operator see it."""

    client: TestClient
    database: Database
    settings: Settings
    hasher: Hasher

    def begin_anew(self) -> None:
        """Forget everything but the admin `ann`."""
        with self.database.writing() as connection:
            for table in (sessions, users_table, login_attempts, keys_table):
                connection.execute(table.delete())
        users.add(self.database, NAME, self.hasher.hash(PASSWORD), role=Role.ADMIN)
        self.client.cookies.clear()
        security = self.client.app_state["services"].security
        security.keys.forget()
        security.login.throttle.recent.forget()

    def log_in(self, name: str = NAME, password: str = PASSWORD, **more: Any) -> httpx2.Response:
        """Open the page, fill in the form, send it."""
        page = self.client.get("/login", params={"next": more.pop("next")} if "next" in more else None)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        return self.client.post("/login", data=hidden | {"username": name, "password": password}, **more)

    def log_in_as(self, role: Role) -> None:
        """Give `ann` a role, and log her in."""
        users.set_role(self.database, NAME, role)
        assert self.log_in().status_code == 303

    def csrf_token(self) -> str:
        """What the pages of the present session carry."""
        found = re.search(r'<meta name="csrf-token" content="([^"]+)"', self.client.get("/").text)
        assert found
        return found[1]

    def add_key(self, *scopes: Scope, name: str = "robot") -> tuple[int, str]:
        """Make a key as the command line does; return its number and the key."""
        key = new_key()
        stored = api_keys.add(
            self.database,
            key_hash=hash_token(key),
            prefix=shown_prefix(key),
            name=name,
            scopes=set(scopes),
            by="test",
        )
        return stored.id, key


@pytest.fixture(scope="module")
def make_site(make_settings: Callable[..., Settings]) -> Iterator[Callable[..., Site]]:
    """A function from changes of the `SECURITY__` settings to a running app with the user `ann`."""
    with ExitStack() as stack:

        def make(
            *,
            base_url: str = "http://testserver",
            proxies: str | None = None,
            addresses: dict[str, str] | None = None,
            **security: Any,
        ) -> Site:
            fields = {"trusted_hosts": "testserver,localhost", "admin_key": SecretStr(ADMIN_KEY)} | security
            settings = make_settings(
                groups={"security": SecuritySettings(**fields), "site": SiteSettings(**addresses or {})}
            )
            app = create_app(settings, registry=MemoryRegistry(), make_hasher=cheap_hasher)
            behind = app if proxies is None else ProxyHeadersMiddleware(app, trusted_hosts=proxies)
            client = stack.enter_context(TestClient(behind, base_url=base_url, follow_redirects=False))
            wait_until_recording(client)
            database = stack.enter_context(closing(Database(settings.database.url.get_secret_value())))
            site = Site(client, database, settings, cheap_hasher())
            site.begin_anew()
            return site

        yield make


@pytest.fixture(scope="module")
def one_site(make_site: Callable[..., Site]) -> Site:
    """A running app; it takes a while to start."""
    return make_site()


@pytest.fixture
def site(one_site: Site) -> Site:
    """A running app with the user `ann`, as new."""
    one_site.begin_anew()
    return one_site
