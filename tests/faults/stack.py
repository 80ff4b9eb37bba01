"""The real parts, each in its own process: MLflow behind a line that can be cut, the app, and load on it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.app_server import AppServer, Reply
from tests.support.waiting import wait_until

ADMIN_KEY = "key-of-the-fault-tests-0123456789abcdef"
_BODY = json.dumps({"text": "a great day, not awful at all"})


class Line:
    """A TCP line to one port: it passes everything on, can hang after so many bytes, or refuse everybody."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._is_open = threading.Event()
        self._is_open.set()
        self._left: int | None = None  # bytes towards the client until it hangs; None for no end
        self._delay = 0.0
        self._lock = threading.Lock()
        self._pairs: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def delay(self, seconds: float) -> None:
        """Hold back the beginning of each answer from the server for so long."""
        self._delay = seconds

    def hang_after(self, count: int) -> None:
        """Pass on `count` more bytes from the server, then nothing, while the connection stays."""
        with self._lock:
            self._left = count

    @property
    def is_hanging(self) -> bool:
        return self._left == 0

    def cut(self) -> None:
        """Drop every connection and refuse new ones."""
        self._is_open.clear()
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for one in pairs:
            _close(one)

    def mend(self) -> None:
        """Pass everything on again."""
        with self._lock:
            self._left = None
        self._delay = 0.0
        self._is_open.set()

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                _close(client)
                continue
            if not self._is_open.is_set():
                _close(client)
                _close(server)
                continue
            server.settimeout(None)
            with self._lock:
                self._pairs += [client, server]
            asked = threading.Event()
            threading.Thread(target=self._pump, args=(client, server, False, asked), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True, asked), daemon=True).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, is_answer: bool, asked: threading.Event
    ) -> None:
        try:
            while data := source.recv(16_384):
                if not is_answer:
                    asked.set()
                elif asked.is_set():
                    asked.clear()
                    time.sleep(self._delay)
                data = self._allowed(data) if is_answer else data
                sink.sendall(data)
        except OSError:
            pass
        finally:
            _close(source)
            _close(sink)

    def _allowed(self, data: bytes) -> bytes:
        with self._lock:
            if self._left is None:
                return data
            allowed, self._left = data[: self._left], max(0, self._left - len(data))
        return allowed


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


class App(AppServer):
    """`opinionlens serve` with its own settings; `ask` is one request with the admin key."""

    def __init__(
        self,
        folder: Path,
        *,
        database: str,
        registry: str,
        workers: int = 1,
        **settings: str,
    ) -> None:
        own = {
            "API__FOLLOW_CHAMPION": "false",
            "DATABASE__URL": database,
            "MLFLOW__REMOTE_TRACKING_URI": registry,
            "SECURITY__ADMIN_PASSWORD": "an admin of fault tests",
        }
        options = ("--workers", str(workers))
        super().__init__(folder, *options, admin_key=ADMIN_KEY, **own | settings)

    def start(self, *, ready: bool = True) -> None:
        super().start()
        self.wait_for("/ready" if ready else "/health")

    def fetch(self, version: int, *, wait: bool = True, set_default: bool = False) -> Reply:
        """Bring a version from the registry."""
        content = {"model_name": "opinionlens", "model_version": version, "set_default": set_default}
        return self.ask("POST", f"/api/v1/models/?wait={'true' if wait else 'false'}", content, seconds=150)

    def ended_fetch(self, place: str) -> Any:
        """Return the fetch at `place` once it has ended, else None."""
        fetch = self.ask("GET", place).body
        return fetch if fetch["state"] in ("done", "failed", "refused") else None

    def activate(self, version: int) -> Reply:
        """Make a version the active one."""
        return self.ask("POST", f"/api/v1/models/opinionlens-{version}/activate", {"why": "fault test"})

    def rollback(self) -> Reply:
        """Go back one step."""
        return self.ask("POST", "/api/v1/models/rollback", {"why": "fault test"})

    @property
    def active(self) -> int | None:
        """The version that answers, of whichever worker takes the request."""
        model = self.ask("GET", "/api/v1/about").body["model"]
        return None if model is None else model["version"]


@dataclass
class Load:
    """Requests one after the other from a few threads, each on its own connection; everything is noted."""

    app: App
    threads: int = 3
    pause_seconds: float = 0.004
    answered: list[tuple[str, int | None, str]] = field(default_factory=list)  # prediction id, version, label
    bad: list[tuple[int, Any]] = field(default_factory=list)  # answers that are no 200
    broken: list[str] = field(default_factory=list)  # requests without a whole answer
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        self._running = [threading.Thread(target=self._run, daemon=True) for _ in range(self.threads)]
        for thread in self._running:
            thread.start()
        wait_until(lambda: self.answered, what="the load gets its first answer")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join(30)
            assert not thread.is_alive()

    def more(self, count: int = 50) -> None:
        """Return once so many more answers have come."""
        goal = len(self.answered) + count
        wait_until(lambda: len(self.answered) >= goal, what=f"{count} more answers come")

    def _run(self) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._stop.is_set():
            if connection is None:
                connection = self._connected()
            elif not self._ask(connection):
                connection.close()
                connection = None
            time.sleep(self.pause_seconds)
        if connection is not None:
            connection.close()

    def _connected(self) -> http.client.HTTPConnection | None:
        """Return a new connection, or None while nobody listens: no request was taken then."""
        connection = http.client.HTTPConnection("127.0.0.1", self.app.port, timeout=30)
        try:
            connection.connect()
        except OSError:
            connection.close()
            return None
        return connection

    def _ask(self, connection: http.client.HTTPConnection) -> bool:
        """Send one request and note what came of it; tell whether the connection can be used again."""
        try:
            connection.request("POST", "/api/v1/inference/predict", _BODY)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except http.client.RemoteDisconnected:  # an idle connection was closed before it took the request
            return False
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.broken.append(repr(error))
            return False
        if response.status == 200:
            self.answered.append((answer["prediction_id"], answer["model"]["version"], answer["prediction"]))
        else:
            self.bad.append((response.status, answer))
        return not response.will_close
