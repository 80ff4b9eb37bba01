"""A server that answers MLflow's REST calls as a test says, well or badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

API = "/api/2.0/mlflow/"
FILES = "/api/2.0/mlflow-artifacts/artifacts"

Reply = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request, with what a test answers it by."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, RestServer)
        parts = urlsplit(self.path)
        self.call = unquote(parts.path).removeprefix(API)
        self.parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.seen.append((self.call, self.headers.get("Authorization")))
        reply = self.server.replies.get(self.call)
        if reply is None:
            self.say(404, b"<html>Not found</html>")
        elif callable(reply):
            reply(self)
        else:
            self.say(200, reply if isinstance(reply, bytes) else json.dumps(reply).encode())

    def say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class RestServer(ThreadingHTTPServer):
    """Answers each call (`model-versions/get`, or the path of a file) by what `replies` holds for it."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.replies: dict[str, Any] = {}
        self.seen: list[tuple[str, str | None]] = []
        self.may_end = threading.Event()
        self.address = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up, as they are to do."""


@contextmanager
def rest_server(replies: Mapping[str, Any] | None = None) -> Iterator[RestServer]:
    """Run one until the block ends."""
    with RestServer() as server:
        server.replies.update(replies or {})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.may_end.set()
            server.shutdown()
            thread.join()
