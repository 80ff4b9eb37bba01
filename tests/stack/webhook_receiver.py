"""A receiver of Alertmanager's webhook: notes each alert, and shows all of them to whoever asks."""

import http.server
import json
import time

_LONGEST = 1_000
_alerts: list[dict[str, object]] = []


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for alert in message["alerts"]:
            _alerts.append({"received": time.time(), **alert})
        del _alerts[:-_LONGEST]
        self._answer([])

    def do_GET(self) -> None:
        self._answer(_alerts)

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("", 8080), Receiver).serve_forever()
