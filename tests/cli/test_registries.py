"""Asking for a password: only of a person, only once, and what is answered reaches the server."""

import base64
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import typer

from opinionlens.base.setting_groups import MlflowSettings
from opinionlens.cli.registries import with_login
from opinionlens.registry import RegistryLoginNeeded

NOWHERE = MlflowSettings(local_tracking_uri="sqlite:///never-opened.db")


@pytest.fixture(autouse=True)
def no_login_of_the_machine(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_PASSWORD", raising=False)


@pytest.fixture
def answer(monkeypatch):
    """Sit a person at a terminal who gives these answers; returns the questions and their options."""
    asked = []

    def sit_down(*answers):
        waiting = list(answers)

        def prompt(question, **options):
            asked.append((question, options))
            return waiting.pop(0)

        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr(typer, "prompt", prompt)
        return asked

    return sit_down


@pytest.fixture
def guarded_server():
    """A registry without models that lets in ann with the password `geheim`; `logins` is who came."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            login = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
            server.logins.append(login)
            body = b"{}" if login == "ann:geheim" else b"You are not authenticated."
            self.send_response(200 if login == "ann:geheim" else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.logins = []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def settings_for(server, **login):
    address = f"http://127.0.0.1:{server.server_port}"
    return MlflowSettings(remote_tracking_uri=address, **login)


def always_refused(registry):
    raise RegistryLoginNeeded("The registry does not let us in.")


def test_without_a_terminal_nobody_is_asked(monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("asked")

    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    monkeypatch.setattr(typer, "prompt", never)
    with pytest.raises(RegistryLoginNeeded, match="does not let us in"):
        with_login(NOWHERE, always_refused)


def test_work_that_needs_no_login_is_done_once_and_nobody_is_asked(answer):
    asked, registries = answer(), []
    assert with_login(NOWHERE, lambda registry: registries.append(registry) or 7) == 7
    assert len(registries) == 1
    assert asked == []


def test_person_is_asked_once_and_the_answer_replaces_the_settings_login(answer, guarded_server):
    asked = answer("ann", "geheim")
    settings = settings_for(guarded_server, remote_username="bob", remote_password="old")
    assert with_login(settings, lambda registry: registry.names()) == []
    assert [question for question, _ in asked] == ["User name of the registry", "Password"]
    assert asked[1][1]["hide_input"]
    assert all(options["err"] for _, options in asked), "standard output belongs to the result"
    assert guarded_server.logins[0] == "bob:old"
    assert guarded_server.logins[-1] == "ann:geheim"


def test_user_name_of_the_settings_is_offered(answer):
    asked = answer("ann", "wrong")
    with pytest.raises(RegistryLoginNeeded):
        with_login(MlflowSettings(remote_username="ann"), always_refused)
    assert asked[0][1]["default"] == "ann"


def test_refused_answer_is_the_end(answer):
    asked, tries = answer("ann", "wrong"), []

    def refused(registry):
        tries.append(registry)
        always_refused(registry)

    with pytest.raises(RegistryLoginNeeded):
        with_login(NOWHERE, refused)
    assert len(tries) == 2
    assert len(asked) == 2


def test_other_failures_ask_nobody(answer):
    asked = answer()

    def broken(registry):
        raise KeyError("work")

    with pytest.raises(KeyError):
        with_login(NOWHERE, broken)
    assert asked == []
