"""Requests to the stack, as from a browser or a program on the same machine."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came back; `body` is what the JSON holds, else text."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class Door:
    """A port on 127.0.0.1, with the name that is asked for."""

    port: int
    host: str = "127.0.0.1"
    headers: tuple[tuple[str, str], ...] = ()

    def ask(self, method: str, path: str, content: object = None, *, seconds: float = 30) -> Answer:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            return self.ask_on(connection, method, path, content)
        finally:
            connection.close()

    def ask_on(
        self, connection: http.client.HTTPConnection, method: str, path: str, content: object = None
    ) -> Answer:
        """Send one request on an open connection."""
        body = None if content is None else json.dumps(content)
        headers = {"Host": self.host, "Content-Type": "application/json", **dict(self.headers)}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        raw = response.read()
        is_json = (response.getheader("Content-Type") or "").split(";")[0].endswith("json")
        text = raw.decode(errors="replace")
        return Answer(
            response.status, json.loads(text) if is_json and text else text, dict(response.getheaders())
        )

    def with_key(self, key: str) -> Door:
        """Return the same door for somebody with a key of the app."""
        return Door(self.port, self.host, (*self.headers, ("Authorization", f"Bearer {key}")))

    def with_login(self, name: str, password: str) -> Door:
        """Return the same door for somebody who logs in with name and password."""
        token = b64encode(f"{name}:{password}".encode()).decode()
        return Door(self.port, self.host, (*self.headers, ("Authorization", f"Basic {token}")))
