"""Grafana's health, metrics and login addresses, and nothing else."""

import http.server
import json
import os

_PAGES = {
    "/api/health": ("application/json", '{"database": "ok", "version": "stand-in", "commit": "none"}'),
    "/login": (
        "text/html",
        "<!doctype html><title>stand-in</title><p>This is a stand-in for Grafana, not Grafana.",
    ),
    "/metrics": (
        "text/plain; version=0.0.4",
        '# TYPE grafana_build_info gauge\ngrafana_build_info{version="stand-in",edition="stand-in"} 1\n',
    ),
}


class StandIn(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/":
            self.send_response(302)
            self.send_header("Location", "/login")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if path == "/api/user":
            self._tell_user()
            return
        kind, body = _PAGES.get(path, ("text/plain", "the stand-in for Grafana has no such page\n"))
        self.send_response(200 if path in _PAGES else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def _tell_user(self) -> None:
        """Say which user a proxy names, as Grafana does where it believes one, and which cookies came."""
        told = {
            "login": self.headers.get("X-WEBAUTH-USER"),
            "role": self.headers.get("X-WEBAUTH-ROLE"),
            "cookie": self.headers.get("Cookie"),
            "authorization": self.headers.get("Authorization"),
        }
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


port = int(os.environ.get("GF_SERVER_HTTP_PORT", "3000"))
http.server.ThreadingHTTPServer(("", port), StandIn).serve_forever()
