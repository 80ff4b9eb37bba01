"""`opinionlens serve` from the wheel, in an empty folder."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import time
from contextlib import closing
from pathlib import Path

import pytest

# More than a start takes on a busy machine.
START_SECONDS = 90


class Server:
    """`opinionlens serve` of the wheel in an empty folder; it is stopped by its process id."""

    def __init__(self, installed, folder: Path) -> None:
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._log = (folder.parent / "serve.log").open("wb")
        self.process = installed.start(
            "opinionlens", "serve", "--port", self.port, folder=folder, log=self._log
        )

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")

    def ask(self, path: str, body: object = None) -> tuple[int, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            data = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json"} if data else {}
            connection.request("POST" if data else "GET", path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log
            try:
                if self.ask("/health")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"no answer in {START_SECONDS} s: {self.log}")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        finally:
            self.process.kill()
            self._log.close()


@pytest.fixture(scope="module")
def server(installed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("serve") / "empty"
    folder.mkdir()
    one = Server(installed, folder)
    try:
        one.wait()
        yield one
    finally:
        status = one.stop()
    assert status == 0, one.log


def test_serve_answers_in_an_empty_folder(server):
    status, body = server.ask("/api/v1/inference/predict", {"text": "I love it"})
    assert (status, json.loads(body)["prediction"]) == (200, "POSITIVE")


@pytest.mark.parametrize(
    ("path", "holds"),
    [("/", "<title>"), ("/login", "<form"), ("/docs", "swagger"), ("/static/css/base.css", "{")],
)
def test_serve_has_pages_and_their_files(server, path, holds):
    status, body = server.ask(path)
    assert (status, holds in body) == (200, True)
