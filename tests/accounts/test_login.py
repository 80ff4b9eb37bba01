"""Logging in and out, as a browser without JavaScript does it."""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import func, select, update
from tests.support.waiting import wait_until

from opinionlens.accounts.passwords import Passwords, Verified
from opinionlens.accounts.tokens import hash_token
from opinionlens.base.logs import configure_logging
from opinionlens.storage import users
from opinionlens.storage.columns import utc_now
from opinionlens.storage.tables import login_attempts, sessions

PASSWORD = "a fine day for a walk"
SESSION = "opinionlens_session"
WRONG = "a rainy day for a walk"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging("DEBUG", json=True, stream=stream)
    yield stream
    structlog.reset_defaults()


def cookie_line(response: Any, name: str) -> str:
    """The header that sets a cookie."""
    (line,) = [line for line in response.headers.get_list("set-cookie") if line.startswith(f"{name}=")]
    return str(line).lower()


class TestLogin:
    def test_the_page_asks_for_name_and_password(self, site: Any) -> None:
        page = site.client.get("/login")
        assert page.status_code == 200
        assert page.headers["Cache-Control"] == "no-store"
        assert '<label for="username">' in page.text
        assert 'autocomplete="current-password"' in page.text
        assert not re.search(r"\sstyle=|\son\w+=|<style", page.text)

    def test_the_right_password_opens_the_admin_pages(self, site: Any) -> None:
        assert site.client.get("/api/v1/keys/").status_code == 401
        answer = site.log_in(next="/admin/history?page=2")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/history?page=2")
        assert site.client.get("/api/v1/keys/").status_code == 200
        assert "ann" in site.client.get("/").text

    def test_the_name_may_be_written_in_any_way(self, site: Any) -> None:
        assert site.log_in(" ANN ").status_code == 303

    def test_whoever_is_logged_in_goes_on_at_once(self, site: Any) -> None:
        site.log_in()
        answer = site.client.get("/login?next=/admin/keys")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/keys")

    @pytest.mark.parametrize("name", ["ann", "nobody"])
    def test_a_wrong_name_and_a_wrong_password_look_the_same(self, site: Any, name: str) -> None:
        answer = site.log_in(name, WRONG)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "The name or the password is not right." in answer.text
        assert WRONG not in answer.text
        assert SESSION not in answer.headers.get("set-cookie", "")
        assert site.client.get("/api/v1/keys/").status_code == 401

    def test_nothing_typed_is_said_and_counts_as_no_attempt(self, site: Any) -> None:
        assert site.log_in("", "").status_code == 422
        with site.database.reading() as connection:
            assert connection.scalar(select(func.count()).select_from(login_attempts)) == 0

    def test_a_very_long_password_is_only_wrong(self, site: Any) -> None:
        assert site.log_in("ann", "x" * 100_000).status_code == 401

    @pytest.mark.parametrize("password", ["\ud800".encode("utf-8", "surrogatepass"), b"\x00\xff", "ß" * 999])
    def test_any_characters_are_only_wrong(self, site: Any, password: Any) -> None:
        assert site.log_in("ann", password).status_code == 401

    def test_a_form_from_elsewhere_is_refused(self, site: Any) -> None:
        answer = site.log_in(headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        assert "Please try again." in answer.text
        assert site.log_in(headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303

    def test_a_form_without_its_token_is_refused_before_the_password_is_looked_at(self, site: Any) -> None:
        site.client.get("/login")
        answer = site.client.post("/login", data={"username": "ann", "password": PASSWORD, "token": "x" * 43})
        assert answer.status_code == 403
        with site.database.reading() as connection:
            assert connection.scalar(select(func.count()).select_from(login_attempts)) == 0

    def test_two_tabs_may_be_open(self, site: Any) -> None:
        first = re.search(r'name="token" value="([^"]+)"', site.client.get("/login").text)
        site.client.get("/login")
        assert first
        form = {"username": "ann", "password": PASSWORD, "token": first[1]}
        assert site.client.post("/login", data=form).status_code == 303

    def test_an_older_hash_is_renewed_and_other_sessions_go_on(self, site: Any) -> None:
        older = PasswordHash([Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1)]).hash(PASSWORD)
        users.set_password(site.database, "ann", older)
        site.log_in()
        first = site.client.cookies[SESSION]
        site.client.cookies.clear()
        stored = users.find(site.database, "ann").password_hash
        assert "m=8,t=1" in stored
        assert site.log_in().status_code == 303
        site.client.cookies.clear()
        site.client.cookies.set(SESSION, first)
        assert site.client.get("/api/v1/keys/").status_code == 200

    def test_a_user_who_is_removed_while_the_password_is_looked_at_is_not_let_in(
        self, site: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        verify = Passwords.verify

        async def verify_and_remove(passwords: Passwords, password: str, stored: str | None) -> Verified:
            verified = await verify(passwords, password, stored)
            users.remove(site.database, "ann")
            return verified

        monkeypatch.setattr(Passwords, "verify", verify_and_remove)
        answer = site.log_in()
        assert answer.status_code == 401
        assert "The name or the password is not right." in answer.text

    def test_a_stored_value_that_is_no_hash_lets_nobody_in(self, site: Any) -> None:
        users.set_password(site.database, "ann", "plain")
        assert site.log_in("ann", "plain").status_code == 401


class TestCookies:
    def test_over_http(self, site: Any) -> None:
        line = cookie_line(site.log_in(), SESSION)
        assert "httponly" in line
        assert "samesite=lax" in line
        assert "path=/" in line
        assert "secure" not in line
        assert "max-age" not in line

    def test_over_https(self, make_site: Callable[..., Any]) -> None:
        site = make_site(base_url="https://testserver")
        answer = site.log_in()
        line = cookie_line(answer, f"__Host-{SESSION}")
        assert "secure" in line
        assert "httponly" in line
        assert "domain" not in line
        assert site.client.get("/api/v1/keys/").status_code == 200

    def test_over_https_a_cookie_of_http_does_not_count(self, make_site: Callable[..., Any]) -> None:
        site = make_site(base_url="https://testserver")
        token = cookie_line(site.log_in(), f"__Host-{SESSION}").split(";")[0].partition("=")[2]
        assert token
        original = site.client.cookies[f"__Host-{SESSION}"]
        site.client.cookies.clear()
        site.client.cookies.set(SESSION, original)
        assert site.client.get("/api/v1/keys/").status_code == 401

    def test_only_the_hash_is_stored(self, site: Any) -> None:
        site.log_in()
        token = site.client.cookies[SESSION]
        assert len(token) == 43
        with site.database.reading() as connection:
            (row,) = connection.execute(select(sessions)).all()
        assert row.token_hash == hash_token(token)
        assert token not in str(row)

    def test_logging_in_again_makes_another_session_and_ends_the_former(self, site: Any) -> None:
        site.log_in()
        first = site.client.cookies[SESSION]
        page_token = "A" * 43
        site.client.cookies.set("opinionlens_login", page_token)
        form = {"username": "ann", "password": PASSWORD, "token": page_token}
        assert site.client.post("/login", data=form).status_code == 303
        second = site.client.cookies[SESSION]
        assert first != second
        site.client.cookies.clear()
        site.client.cookies.set(SESSION, first)
        assert site.client.get("/api/v1/keys/").status_code == 401


class TestSession:
    def test_ends_when_nothing_was_done_for_long(self, site: Any) -> None:
        site.log_in()
        set_expiry(site, utc_now() - timedelta(seconds=1))
        assert site.client.get("/api/v1/keys/").status_code == 401
        answer = site.client.get("/login")
        assert answer.status_code == 200

    def test_use_moves_its_end(self, site: Any) -> None:
        site.log_in()
        set_expiry(site, utc_now() + timedelta(minutes=5))
        assert site.client.get("/api/v1/keys/").status_code == 200
        wait_until(lambda: expiry(site) >= utc_now() + timedelta(hours=11))  # written after the answer

    def test_whoever_is_due_for_renewal_reads_while_nothing_can_be_written(self, site: Any) -> None:
        site.log_in()
        set_expiry(site, utc_now() + timedelta(minutes=5))
        other = sqlite3.connect(site.database.file.path, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            # More than there are threads for writing: none of them may hold up a page.
            answers = [site.client.get("/api/v1/keys/").status_code for _ in range(8)]
            waiting = len(site.client.app_state["services"].records._later)
        finally:
            other.close()
        assert answers == [200] * 8
        assert waiting > 0

    def test_use_writes_nothing_while_its_end_has_hardly_moved(self, site: Any) -> None:
        site.log_in()
        before = expiry(site)
        site.client.get("/api/v1/keys/")
        assert expiry(site) == before

    def test_ends_with_its_user_and_with_a_new_password(self, site: Any) -> None:
        site.log_in()
        users.set_password(site.database, "ann", site.hasher.hash("another fine day"))
        assert site.client.get("/api/v1/keys/").status_code == 401
        site.log_in("ann", "another fine day")
        assert site.client.get("/api/v1/keys/").status_code == 200
        users.remove(site.database, "ann")
        assert site.client.get("/api/v1/keys/").status_code == 401

    @pytest.mark.parametrize("token", ["", "x", "é" * 43, "A" * 43, "A" * 5_000])
    def test_what_is_no_session_is_none(self, site: Any, token: str) -> None:
        cookie = f"{SESSION}={token}".encode()
        assert site.client.get("/api/v1/keys/", headers={"Cookie": cookie}).status_code == 401


class TestLogout:
    def test_ends_the_session_here_and_in_the_browser(self, site: Any) -> None:
        site.log_in()
        token = site.client.cookies[SESSION]
        answer = site.client.post("/logout", data={"csrf_token": site.csrf_token()})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        line = cookie_line(answer, SESSION)
        assert "httponly" in line
        assert "samesite=lax" in line
        assert "path=/" in line
        assert "max-age=0" in line
        assert SESSION not in site.client.cookies
        site.client.cookies.set(SESSION, token)
        assert site.client.get("/api/v1/keys/").status_code == 401

    def test_needs_the_token_of_the_session(self, site: Any) -> None:
        site.log_in()
        assert site.client.post("/logout").status_code == 403
        assert site.client.post("/logout", data={"csrf_token": "x"}).status_code == 403
        assert site.client.get("/api/v1/keys/").status_code == 200

    def test_a_form_of_fifty_fields_is_read_and_a_longer_one_refused(self, site: Any) -> None:
        site.log_in()
        form = {"csrf_token": site.csrf_token()} | {f"field{number}": "x" for number in range(50)}
        assert site.client.post("/logout", data=form).status_code == 400
        del form["field49"]
        assert site.client.post("/logout", data=form).status_code == 303

    def test_a_form_with_a_file_is_refused(self, site: Any) -> None:
        site.log_in()
        form = {"csrf_token": site.csrf_token()}
        assert site.client.post("/logout", data=form, files={"file": b"x"}).status_code == 400
        assert site.client.get("/api/v1/keys/").status_code == 200

    def test_without_a_session_there_is_nothing_to_end(self, site: Any) -> None:
        assert site.client.post("/logout").headers["Location"] == "/"
        assert site.client.get("/logout").status_code == 405


class TestThrottle:
    def test_too_many_wrong_passwords_are_refused_for_a_while_then_the_right_one_works(
        self, site: Any
    ) -> None:
        statuses = [site.log_in("ann", WRONG).status_code for _ in range(6)]
        assert statuses == [401] * 6
        refused = site.log_in()
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "300"
        assert "Wait 5 minutes, then try again." in refused.text
        with site.database.writing() as connection:
            connection.execute(
                update(login_attempts).values(created_at=utc_now() - timedelta(minutes=5, seconds=3))
            )
        site.client.app_state["services"].security.login.throttle.recent.forget()
        assert site.log_in().status_code == 303

    def test_what_is_refused_asks_neither_database_nor_argon2(
        self, site: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(6):
            site.log_in("ann", WRONG)
        login = site.client.app_state["services"].security.login
        asked = []
        monkeypatch.setattr(Passwords, "verify", lambda *_: asked.append("argon2"))
        monkeypatch.setattr(type(login.records), "write", lambda *_, **__: asked.append("database"))
        assert [site.log_in("ann", WRONG).status_code for _ in range(50)] == [429] * 50
        assert asked == []

    def test_other_workers_count_too(self, site: Any) -> None:
        for _ in range(6):
            site.log_in("ann", WRONG)
        site.client.app_state["services"].security.login.throttle.recent.forget()  # as in another process
        assert [site.log_in("ann", WRONG).status_code for _ in range(20)] == [429] * 20
        with site.database.reading() as connection:
            assert connection.scalar(select(func.count()).select_from(login_attempts)) == 6

    def test_an_outage_uses_up_no_attempt(self, site: Any) -> None:
        path = site.database.file.path
        path.rename(path.with_name("elsewhere"))
        try:
            assert [site.log_in("ann", WRONG).status_code for _ in range(8)] == [503] * 8
        finally:
            path.with_name("elsewhere").rename(path)
        assert site.log_in().status_code == 303

    def test_where_too_many_wait_for_argon2_nothing_is_written(self, site: Any) -> None:
        passwords = site.client.app_state["services"].security.login.passwords
        passwords._waiting += 32
        try:
            assert site.log_in("ann", WRONG).status_code == 503
        finally:
            passwords._waiting -= 32
        with site.database.reading() as connection:
            assert connection.scalar(select(func.count()).select_from(login_attempts)) == 0

    def test_a_right_password_is_forgiving(self, site: Any) -> None:
        for _ in range(5):
            site.log_in("ann", WRONG)
        assert site.log_in().status_code == 303
        site.client.cookies.clear()
        assert [site.log_in("ann", WRONG).status_code for _ in range(6)] == [401] * 6

    def test_a_stranger_does_not_lock_the_owner_out(self, site: Any) -> None:
        with site.database.writing() as connection:
            name = hash_token("ann")
            rows = [
                {"created_at": utc_now(), "account_hash": name, "address": f"10.0.{number}.1"}
                for number in range(200)
                for _ in range(3)
            ]
            connection.execute(login_attempts.insert(), rows)
        assert site.log_in().status_code == 303


def test_no_secret_reaches_the_log(logged: io.StringIO, make_site: Callable[..., Any]) -> None:
    site = make_site()
    site.log_in("ann", WRONG)
    site.log_in("my-password-in-the-wrong-field", "x")
    site.log_in()
    session, csrf = site.client.cookies[SESSION], site.csrf_token()
    made = site.client.post("/api/v1/keys/", json={"name": "robot"}, headers={"X-CSRF-Token": csrf}).json()
    site.client.cookies.clear()
    site.client.get("/api/v1/keys/", headers={"Authorization": f"Bearer {made['key']}"})
    site.client.get("/api/v1/keys/", headers={"Authorization": "Bearer wrong-key-4711"})
    site.client.post("/logout", data={"csrf_token": csrf})
    written = logged.getvalue()
    assert "login.done" in written
    assert "login.refused" in written
    for secret in (WRONG, PASSWORD, "wrong-field", session, csrf, made["key"], "wrong-key-4711"):
        assert secret not in written


def set_expiry(site: Any, at: Any) -> None:
    with site.database.writing() as connection:
        connection.execute(update(sessions).values(expires_at=at))


def expiry(site: Any) -> Any:
    with site.database.reading() as connection:
        return connection.scalar(select(sessions.c.expires_at))
