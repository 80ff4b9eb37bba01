"""A small server on loopback that keeps what it is sent."""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Receiver:
    """Answers POST by path: `/302` with that status, `/silent` never, `/drip` a byte a second."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        taken = self.taken

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                taken.append({"path": self.path, "headers": dict(self.headers), "body": body})
                if self.path == "/silent":
                    time.sleep(30)
                elif self.path == "/drip":
                    for byte in b"HTTP/1.1 200 OK\r\nX-Long: and so on and so on":
                        self.wfile.write(bytes([byte]))
                        time.sleep(1)
                else:
                    self.send_response(int(self.path.strip("/").partition("?")[0] or 204))
                    self.send_header("Location", "/200")
                    self.end_headers()
                    self.wfile.write(b"said no\n" if self.path > "/3" else b"")

            def do_GET(self) -> None:
                taken.append({"path": self.path, "headers": {}, "body": None})
                self.send_response(200)
                self.end_headers()

            def log_message(self, *words: object) -> None:
                pass

        return Handler
