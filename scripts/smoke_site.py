"""The running app that `scripts/smoke.py` asks, and its answers."""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

SECONDS = 15
# A proxy may let through a few requests a second only.
TRIES, LONGEST_PAUSE = 12, 5.0


class Wrong(Exception):
    """An answer is not as it should be."""


class NotAsked(Exception):
    """A question cannot be asked here."""


@dataclass(frozen=True)
class Answer:
    """One answer of the app."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """Return the JSON value of the body."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise Wrong(f"it is no JSON: {self.body[:80]!r}") from None

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class HttpsAt(http.client.HTTPSConnection):
    """A connection to an address, with the certificate of a name."""

    def __init__(self, address: str, port: int, name: str, context: ssl.SSLContext) -> None:
        """Connect to nothing yet."""
        super().__init__(address, port, timeout=SECONDS, context=context)
        self._name, self._context_of_name = name, context

    def connect(self) -> None:
        """Connect, and check that the certificate is of the name."""
        http.client.HTTPConnection.connect(self)
        self.sock = self._context_of_name.wrap_socket(self.sock, server_hostname=self._name)


class Site:
    """The running app."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Read the options; ask nothing yet."""
        parts = urlsplit(options.url if "//" in options.url else f"http://{options.url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SystemExit(f"{options.url!r} is no address such as https://opinionlens.example.com.")
        self.key: str = options.key
        self.allows_word_list: bool = options.word_list
        self.takes_any_label: bool = options.any_label
        self._is_secure = parts.scheme == "https"
        self._port = parts.port or (443 if self._is_secure else 80)
        self._address = _reachable(parts.hostname)
        self._name = options.host or parts.hostname
        self._host = options.host or parts.netloc.rpartition("@")[2]
        self._context = ssl.create_default_context(cafile=options.ca)
        if options.insecure:
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE

    def ask(
        self,
        path: str,
        body: object = None,
        *,
        method: str | None = None,
        key: str | None = None,
        **headers: str,
    ) -> Answer:
        """Send one request; a rate limit is waited for."""
        for _ in range(TRIES):
            answer = self._ask(path, body, method=method, key=key, headers=headers)
            if answer.status != 429:
                return answer
            time.sleep(min(float(answer.headers.get("retry-after") or 1), LONGEST_PAUSE))
        raise Wrong("a rate limit lets nothing through (429)")

    def predict(self, path: str, body: object = None, *, method: str | None = None) -> Any:  # noqa: ANN401 - any JSON value
        """Return the JSON answer of an open route, or of one that wants a key."""
        answer = self.ask(path, body, method=method, key=self.key)
        if answer.status == 401:
            raise Wrong(
                "predictions need a key here: KEY=…" if not self.key else "the key does not count (401)"
            )
        expect(answer, 200)
        return answer.json()

    def _ask(
        self, path: str, body: object, *, method: str | None, key: str | None, headers: Mapping[str, str]
    ) -> Answer:
        connection: http.client.HTTPConnection
        if self._is_secure:
            connection = HttpsAt(self._address, self._port, self._name, self._context)
        else:
            connection = http.client.HTTPConnection(self._address, self._port, timeout=SECONDS)
        sent = {"Host": self._host, **({"Authorization": f"Bearer {key}"} if key else {}), **headers}
        content = None
        if body is not None:
            content, sent["Content-Type"] = json.dumps(body), "application/json"
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, content, sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, found, response.read())
        except (OSError, http.client.HTTPException) as error:
            raise Wrong(f"no answer: {error or type(error).__name__}") from None
        finally:
            connection.close()


def expect(answer: Answer, *statuses: int) -> None:
    """Raise Wrong unless the status is one of these."""
    if answer.status in statuses:
        return
    place = answer.headers.get("location")
    detail = f", it leads to {place}" if place else ""
    if "json" in answer.headers.get("content-type", ""):
        detail = f": {answer.json().get('detail', '')}" if isinstance(answer.json(), dict) else ""
    raise Wrong(f"status {answer.status}{detail}, not {' or '.join(map(str, statuses))}")


def hold(is_so: bool, otherwise: str) -> None:
    """Raise Wrong unless it is so."""
    if not is_so:
        raise Wrong(otherwise)


def _reachable(name: str) -> str:
    """Return the name, or this machine for names of it that do not resolve."""
    if name.endswith(".localhost"):
        try:
            socket.getaddrinfo(name, None)
        except OSError:
            return "127.0.0.1"
    return name
