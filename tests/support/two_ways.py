"""The app with and without the lane for plain predictions, asked the same in process."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.testclient import TestClient
from starlette.types import Message, Scope
from tests.support.web_app import wait_until_recording

from opinionlens.base.logs import configure_logging
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry, Registry
from opinionlens.web.factory import create_app
from opinionlens.web.lane.answer_notes import AnswerNote, AnswerNotes
from opinionlens.web.lane.inference_lane import InferenceLane

PREDICT = "/api/v1/inference/predict"
GREAT = b'{"text": "great, I love it"}'

_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NEW_ID = re.compile(rb"[0-9a-f]{32}")

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Sent:
    """A request as a server hands it to the app.

    `fields` come after `Host` and `Content-Length`, which `host` and `announced` replace; None leaves one
    out. `pieces` replace the body by messages of a server.
    """

    body: bytes = GREAT
    fields: Fields = ((b"content-type", b"application/json"),)
    method: str = "POST"
    path: str = PREDICT
    query: bytes = b""
    scheme: str = "http"
    root_path: str = ""
    host: bytes | None = b"testserver"
    announced: bytes | None = b"body"
    pieces: tuple[Message, ...] | None = None

    def scope(self, state: dict[str, Any]) -> Scope:
        """Return the ASGI scope."""
        length = b"%d" % len(self.body) if self.announced == b"body" else self.announced
        usual = ((b"host", self.host), (b"content-length", length))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self.method,
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "root_path": self.root_path,
            "scheme": self.scheme,
            "server": ("testserver", 80),
            "client": ("192.0.2.7", 4_000),
            "headers": [(name, value) for name, value in (*usual, *self.fields) if value is not None],
            "state": dict(state),
        }

    def messages(self) -> Iterator[Message]:
        """Yield what the server says, the client's end at last."""
        yield from self.pieces or ({"type": "http.request", "body": self.body, "more_body": False},)
        while True:
            yield {"type": "http.disconnect"}


@dataclass
class Answered:
    """What one way made of a request, but for ids and times.

    Attributes:
        status: of the answer.
        headers: in their order.
        body: of the answer.
        logged: arguments of the prediction log.
        events: lines of the log, in their order.
        counted: what the metrics gained.
    """

    status: int | None
    headers: list[tuple[bytes, bytes]]
    body: bytes
    logged: list[tuple[Any, ...]]
    events: list[list[tuple[str, Any]]]
    counted: dict[str, float]


@dataclass
class Way:
    """One of the two apps."""

    client: TestClient
    stream: io.StringIO
    level: str
    answers_of_lane: int = 0
    _notes: AnswerNotes | None = None
    _seen: dict[str, float] = field(default_factory=dict)
    _logged: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def services(self) -> Any:
        """The collaborators of its routes."""
        return self.client.app_state["services"]

    def watch(self) -> None:
        """Note what goes to the prediction log, and what the lane answers."""
        records, original = self.services.records, self.services.records.log_prediction

        def log_prediction(ident: Any, text: Any, prediction: Any, model: Any, seconds: Any) -> None:
            self._logged.append((text, prediction, prediction.tokens, model.name, model.version))
            original(ident, text, prediction, model, seconds)

        records.log_prediction = log_prediction
        self._notes = notes_of(self.client)
        if self._notes is not None:
            add = self._notes.add

            def count(note: AnswerNote) -> None:
                self.answers_of_lane += 1
                add(note)

            self._notes.add = count  # type: ignore[method-assign]
        self._seen = self.counted()

    def ask(self, sent: Sent) -> Answered:
        """Send a request; return all that comes of it."""
        configure_logging(self.level, json=True, stream=self.stream)
        before, start = self._seen, len(self.stream.getvalue())
        messages = self.client.portal.call(self._exchange, sent)  # type: ignore[union-attr]
        head = messages[0] if messages else {"status": None, "headers": []}
        ident = dict(head["headers"]).get(b"x-request-id", b"").decode()
        after = self._seen = self.counted()
        logged, self._logged[:] = list(self._logged), []
        return Answered(
            head["status"],
            [(name, _NEW_ID.sub(b"new", value)) for name, value in head["headers"]],
            without_ids(b"".join(message.get("body", b"") for message in messages[1:])),
            logged,
            self._events(start, ident),
            {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)},
        )

    async def _exchange(self, sent: Sent) -> list[Message]:
        answered: list[Message] = []
        incoming = sent.messages()

        async def receive() -> Message:
            return next(incoming)

        async def send(message: Message) -> None:
            answered.append(message)

        await self.client.app(sent.scope(self.client.app_state), receive, send)
        if self._notes is not None:  # at once, so that nobody has to wait for the line
            self._notes.hand_over()
        return answered

    def _events(self, start: int, ident: str) -> list[list[tuple[str, Any]]]:
        """Return the lines about a request."""
        given = map(json.loads, self.stream.getvalue()[start:].splitlines())
        lines = [line for line in given if line.get("request_id")]  # others come from threads
        assert not ident or {line["request_id"] for line in lines} <= {ident}
        told = {"time", "milliseconds", "request_id"}
        return [[(key, key if key in told else value) for key, value in line.items()] for line in lines]

    def counted(self) -> dict[str, float]:
        """Return what was counted, but for times and for what a thread does later."""
        values: dict[str, float] = {}
        is_left_out = True
        for line in self.services.metrics.exposition().decode().splitlines():
            if line.startswith("# HELP "):
                continue
            if line.startswith("# TYPE "):
                _, _, family, kind = line.split(" ")
                is_left_out = kind == "gauge" or family.startswith("prediction_rows_")
                continue
            series, _, value = line.rpartition(" ")
            name = series.partition("{")[0]
            if not is_left_out and ("_seconds" not in name or name.endswith("_count")):
                values[series] = float(value)
        return values


def without_ids(body: bytes) -> bytes:
    """Return an answer with words in place of new ids."""
    return _NEW_ID.sub(b"new", _UUID.sub(b"uuid", body))


@contextmanager
def both_ways(
    make: Callable[[], Settings],
    registry: Registry | None = None,
    *,
    prepare: Sequence[Callable[[Way], None]] = (),
    level: str = "INFO",
) -> Iterator[tuple[Way, Way]]:
    """Run the ordinary app and the one with the lane, with settings alike."""
    ways = []
    clients = []
    for has_lane in (False, True):
        stream = io.StringIO()
        configure_logging(level, json=True, stream=stream)
        client = TestClient(create_app(make(), registry=registry or MemoryRegistry(), has_lane=has_lane))
        clients.append(client.__enter__())
        wait_until_recording(client)  # Alembic makes the tables of one database at a time
        ways.append(Way(client, stream, level))
    try:
        for way in ways:
            for step in prepare:
                step(way)
            way.watch()
        yield ways[0], ways[1]
    finally:
        for client in clients:
            client.__exit__(None, None, None)


def notes_of(client: TestClient) -> AnswerNotes | None:
    """Return the notes of a running app's lane; None without one."""
    entrance: Any = client.app.entrance  # type: ignore[union-attr]
    return entrance.notes if isinstance(entrance, InferenceLane) else None
