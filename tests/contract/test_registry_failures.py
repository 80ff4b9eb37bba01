"""What every registry does when its server fails: an error in time, of the right kind, that says what to do.

One server and one registry of each form serve all these tests, because each child process costs seconds.
"""

from __future__ import annotations

import base64
import os
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from opinionlens.base.errors import RegistryError, RegistryUnavailable, VersionNotFound
from opinionlens.registry import (
    Credentials,
    MemoryRegistry,
    ProcessLimits,
    ProcessRegistry,
    Registry,
    RegistryLoginNeeded,
    SparingRegistry,
)
from opinionlens.registry.mlflow import MlflowRegistry

CREDENTIALS = Credentials("ann", "geheim")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, FailingServer)
        expected = f"Basic {base64.b64encode(b'ann:geheim').decode()}"
        match self.server.mode:
            case "dropping":
                self.connection.shutdown(socket.SHUT_RDWR)
            case "hanging":
                self.server.released.wait()
            case "busy":
                self._answer(503, b"{}")
            case "wanting a password" if self.headers.get("Authorization") != expected:
                self._answer(401, b"You are not authenticated.")
            case "forbidding":
                self._answer(403, b'{"error_code": "PERMISSION_DENIED", "message": "not you"}')
            case "another program":
                self._answer(200, b"<html>Please sign in</html>")
            case "another site":
                self._answer(404, b"<html>Not found</html>")
            case _:
                self._answer(200, b"{}")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class FailingServer(ThreadingHTTPServer):
    """A server that fails in the way that `mode` names."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode = "well"
        self.released = threading.Event()
        self.address = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture(scope="module")
def server() -> Iterator[FailingServer]:
    with FailingServer() as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module", params=["memory", "mlflow", "process", "rest"])
def connected(request: pytest.FixtureRequest, server: FailingServer) -> Iterator[Registry]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
        patch.delenv("MLFLOW_TRACKING_PASSWORD", raising=False)
        if request.param == "memory":
            yield MemoryRegistry()
        elif request.param == "mlflow":
            yield MlflowRegistry(server.address)
        elif request.param == "rest":
            limits = ProcessLimits(start=120, call=5)
            command = ["/nowhere/python"]  # no child is needed to read
            with SparingRegistry(
                server.address, credentials=CREDENTIALS, limits=limits, command=command
            ) as registry:
                yield registry
        else:
            limits = ProcessLimits(start=120, call=5)
            with ProcessRegistry(server.address, credentials=CREDENTIALS, limits=limits) as registry:
                yield registry


@pytest.fixture
def fail(connected: Registry, server: FailingServer) -> Iterator[Callable[[str], None]]:
    """Make the server fail in one of its ways, until the test is over."""

    def start_failing(mode: str) -> None:
        server.mode = mode
        if isinstance(connected, MemoryRegistry):
            connected.reachable = False

    yield start_failing
    server.mode = "well"
    if isinstance(connected, MemoryRegistry):
        connected.reachable = True


@pytest.mark.parametrize("mode", ["dropping", "busy"])
def test_a_server_that_does_not_answer_makes_the_registry_unavailable(connected, fail, mode, name):
    fail(mode)

    with pytest.raises(RegistryUnavailable, match="answer") as raised:
        connected.versions(name)
    assert raised.value.remedy


def test_a_registry_that_is_back_answers_again(connected, fail, server, name):
    fail("busy")
    with pytest.raises(RegistryUnavailable):
        connected.by_alias(name, "champion")

    server.mode = "well"
    if isinstance(connected, MemoryRegistry):
        connected.reachable = True
    assert connected.names() == []


over_http = pytest.mark.parametrize("connected", ["mlflow", "process", "rest"], indirect=True)


@over_http
@pytest.mark.parametrize("mode", ["another program", "another site"])
def test_what_is_no_mlflow_server_is_not_an_empty_registry(connected, fail, mode, name):
    fail(mode)

    with pytest.raises(RegistryError) as raised:
        connected.versions(name)
    assert not isinstance(raised.value, VersionNotFound)


@over_http
def test_a_refusal_is_no_outage(connected, fail, name):
    fail("forbidding")

    with pytest.raises(RegistryError, match="forbids") as raised:
        connected.versions(name)
    assert not isinstance(raised.value, RegistryUnavailable)


@pytest.mark.parametrize("connected", ["mlflow"], indirect=True)
def test_a_server_that_wants_a_password_says_so(connected, fail, name):
    fail("wanting a password")

    with pytest.raises(RegistryLoginNeeded):
        connected.versions(name)


@pytest.mark.parametrize("connected", ["process", "rest"], indirect=True)
def test_credentials_reach_the_server_and_nothing_else(connected, fail):
    fail("wanting a password")

    assert connected.names() == []
    assert "geheim" not in repr(CREDENTIALS)
    assert not [variable for variable, value in os.environ.items() if "geheim" in value]


def test_a_server_that_hangs_makes_the_registry_unavailable_in_time(connected, fail, name):
    """The last that needs a child, because this one costs it its life."""
    fail("hanging")

    with pytest.raises(RegistryUnavailable, match="answer"):
        connected.versions(name)


def test_a_closed_port_is_unavailable_and_its_password_not_repeated(monkeypatch, name):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(RegistryUnavailable, match=f"127.0.0.1:{port}") as raised:
        MlflowRegistry(f"http://ann:geheim@127.0.0.1:{port}").versions(name)
    assert "geheim" not in str(raised.value)


def test_a_database_that_does_not_exist_is_not_made_by_looking(name, tmp_path):
    with pytest.raises(RegistryUnavailable, match="no registry yet"):
        MlflowRegistry(f"sqlite:///{tmp_path}/none.db").versions(name)

    assert list(tmp_path.iterdir()) == []
