"""The contract of the lane: whatever is sent, what comes of it is what the ordinary way makes of it.

Compared are status, headers in their order and body (but for ids), what the prediction log is given, the
lines of the log with their fields in their order, and what the metrics gain (but for times).
"""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from starlette.types import Message
from tests.support.drift_model import write_model
from tests.support.two_ways import GREAT, PREDICT, Sent, Way, both_ways, notes_of
from tests.support.waiting import wait_until

from opinionlens.base.errors import ServingBusy
from opinionlens.base.logs import configure_logging
from opinionlens.base.setting_groups import Fallback, PrivacySettings, SecuritySettings, SiteSettings
from opinionlens.base.settings import Settings
from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.classifiers.prediction import Prediction
from opinionlens.registry import MemoryRegistry
from opinionlens.serving.store import ServedModel
from opinionlens.web.factory import create_app

KEY = "a-key-of-the-admin-for-tests-9876543210"
JSON = (b"content-type", b"application/json")


def with_fields(*fields: tuple[bytes, bytes], **changes: object) -> Sent:
    return replace(Sent(fields=(JSON, *fields)), **changes)


# What the lane answers by itself, where it may.
PLAIN: dict[str, Sent] = {
    "a text": Sent(),
    "nothing in it": Sent(b'{"text": ""}'),
    "blanks around it": Sent(b' \n{"text" :\t"great"}\r\n '),
    "further fields": Sent(b'{"text": "great", "explain": true, "number": NaN, "more": [[[[]]]]}'),
    "two texts": Sent(b'{"text": "awful", "text": "great"}'),
    "escapes": Sent(b'{"\\u0074ext": "great\\u0020\\ud83d\\ude00"}'),
    "a byte-order mark": Sent(b"\xef\xbb\xbf" + GREAT),
    "beyond ASCII": Sent('{"text": "größer, 😀 wunderbar"}'.encode()),
    "a thousand characters": Sent(b'{"text": "%b"}' % (b"great " * 166 + b"good")),
    "a thousand escapes": Sent(b'{"text": "%b"}' % (b"\\ud83d\\ude00" * 1_000)),
    "no content type": Sent(fields=()),
    "another content type": Sent(fields=((b"content-type", b"text/plain; charset=x"),)),
    "a page wanted": with_fields((b"accept", b"text/html")),
    "an id": with_fields((b"x-request-id", b"abc-1.2_3")),
    "an id that is none": with_fields((b"x-request-id", b'a"b')),
    "an empty id": with_fields((b"x-request-id", b"")),
    "a trace": with_fields((b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")),
    "a key": with_fields((b"x-api-key", KEY.encode())),
    "a bearer": with_fields((b"authorization", b"Bearer " + KEY.encode())),
    "of a proxy": with_fields(
        (b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https"), (b"x-real-ip", b"203.0.113.9")
    ),
    "by https": Sent(scheme="https"),
    "a name with a port": Sent(host=b"LocalHost:8000"),
    "a length with zeros": Sent(announced=b"000%d" % len(GREAT)),
    "to be closed": with_fields((b"connection", b"close")),
}

# What the lane hands on for how it is sent.
ODD: dict[str, Sent] = {
    "HEAD": Sent(method="HEAD", query=b"text=great"),
    "GET": Sent(method="GET", query=b"text=great", body=b"", announced=None),
    "OPTIONS": Sent(method="OPTIONS"),
    "PUT": Sent(method="PUT"),
    "a made-up method": Sent(method="GREET"),
    "a query": Sent(query=b"explain=true"),
    "a query that is not UTF-8": Sent(query=b"text=caf%E9"),
    "a slash": Sent(path=PREDICT + "/"),
    "the older form": Sent(path="/predict"),
    "an explanation": Sent(path="/api/v1/inference/explain"),
    "a batch": Sent(b'["great", "awful"]', path="/api/v1/inference/batch_predict"),
    "nothing there": Sent(path="/api/v1/inference/predicted"),
    "another root": Sent(path="/below" + PREDICT, root_path="/below"),
    "an unknown host": Sent(host=b"elsewhere.example"),
    "a host that is none": Sent(host=b"localhost:80@elsewhere.example"),
    "no host": Sent(host=None),
    "two hosts": with_fields((b"host", b"testserver")),
    "an origin": with_fields((b"origin", b"https://pages.example")),
    "another origin": with_fields((b"origin", b"https://elsewhere.example")),
    "a preflight": with_fields(
        (b"origin", b"https://pages.example"),
        (b"access-control-request-method", b"POST"),
        method="OPTIONS",
        body=b"",
        announced=None,
    ),
    "a cookie": with_fields((b"cookie", b"a=b")),
    "a cookie of backslashes": with_fields((b"cookie", b'a="\\\\"; b=c')),
    "a coded body": with_fields((b"content-encoding", b"gzip")),
    "a body coded as itself": with_fields((b"content-encoding", b"identity")),
    "an expectation": with_fields((b"expect", b"100-continue")),
    "chunks": with_fields((b"transfer-encoding", b"chunked"), announced=None),
    "no length": Sent(announced=None),
    "a length that is none": Sent(announced=b"abc"),
    "a length of minus one": Sent(announced=b"-1"),
    "a length of many digits": Sent(announced=b"9" * 5_000),
    "two lengths": with_fields((b"content-length", b"7")),
    "two ids": with_fields((b"x-request-id", b"a"), (b"x-request-id", b"b")),
    "a field that nobody knows": with_fields((b"x-unheard-of", b"1")),
    "no body": Sent(b"", announced=b"0"),
    "a large body": Sent(b'{"text": "great", "more": "%b"}' % (b"x" * 20_000)),
    "too large a body": Sent(b'{"text": "%b"}' % (b"x" * 2_000_001)),
    "a text of ten thousand": Sent(b'{"text": "%b"}' % (b"x " * 5_000)),
    "a text of one more": Sent(b'{"text": "%b"}' % (b"x " * 5_000 + b"x")),
}

# What it hands on once it has seen the body.
UNFIT: dict[str, Sent] = {
    "empty": Sent(b"", announced=b"1"),
    "a brace": Sent(b"{"),
    "null": Sent(b"null"),
    "a list": Sent(b"[]"),
    "a string": Sent(b'"text"'),
    "no text": Sent(b"{}"),
    "a text that is null": Sent(b'{"text": null}'),
    "a text that is a number": Sent(b'{"text": 1}'),
    "half of a pair": Sent(b'{"text": "\\ud83d"}'),
    "not UTF-8": Sent(b'{"text": "\xff"}'),
    "a control character": Sent(b'{"text": "a\x00b"}'),
    "another encoding": Sent('{"text": "great"}'.encode("utf-16")),
    "deep": Sent(b"[" * 10_000),
    "many values": Sent(b'{"text": "great", "more": [%b0]}' % (b"0," * 2_000)),
    "a thousand and one": Sent(b'{"text": "%b"}' % (b"great " * 166 + b"good!")),
    "in pieces": Sent(
        pieces=(
            {"type": "http.request", "body": GREAT[:9], "more_body": True},
            {"type": "http.request", "body": GREAT[9:], "more_body": False},
        )
    ),
    "a last piece without content": Sent(
        pieces=(
            {"type": "http.request", "body": GREAT, "more_body": True},
            {"type": "http.request", "body": b"", "more_body": False},
        )
    ),
    "nobody there": Sent(pieces=({"type": "http.disconnect"},)),
    "gone in between": Sent(
        pieces=({"type": "http.request", "body": GREAT[:9], "more_body": True}, {"type": "http.disconnect"})
    ),
    "more than announced": Sent(b'{"text": "great", "more": "%b"}' % (b"x" * 20_000), announced=b"17"),
}

ALL = PLAIN | ODD | UNFIT


class Slow(LexiconClassifier):
    """A kind that answers in threads alone."""

    def __init__(self) -> None:
        super().__init__()
        self.manifest = replace(self.manifest, kind="onnx")


class Busy(LexiconClassifier):
    """A quick kind that has too much to do."""

    def predict(self, text: str) -> Prediction:
        raise ServingBusy("Too much is waiting.")


class Broken(LexiconClassifier):
    """A quick kind that fails."""

    def predict(self, text: str) -> Prediction:
        raise ValueError(text)


def answering(classifier: LexiconClassifier) -> Callable[[Way], None]:
    def step(way: Way) -> None:
        way.services.store.fallback = ServedModel(classifier, "word list")

    return step


def with_security(**changes: str | bool) -> dict[str, object]:
    chosen = {"trusted_hosts": "testserver,localhost", "admin_key": SecretStr(KEY)} | changes
    return {"groups": {"security": SecuritySettings(**chosen)}}  # type: ignore[arg-type]


SITE = SiteSettings(url="https://site.example", grafana_url="https://grafana.site.example")


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        pytest.param({}, (), id="word list"),
        pytest.param(with_security(trusted_hosts="*"), (), id="any host"),
        pytest.param(with_security(trusted_hosts="*.example,testserver"), (), id="hosts below another"),
        pytest.param(with_security(allowed_origins="https://pages.example"), (), id="origins"),
        pytest.param(with_security(allowed_origins="*"), (), id="any origin"),
        pytest.param(with_security(predict_needs_key=True), (), id="keys needed"),
        pytest.param({"max_body_bytes": 1_000}, (), id="small bodies"),
        pytest.param({"max_text_chars": 8}, (), id="short texts"),
        pytest.param({"fallback": Fallback.NONE}, (), id="no model"),
        pytest.param({"groups": {"site": SITE}}, (), id="forms to tools"),
        pytest.param({}, (answering(Slow()),), id="a slow kind"),
        pytest.param({}, (answering(Busy()),), id="too much waits"),
        pytest.param({}, (answering(Broken()),), id="a crash"),
    ],
)
def test_whatever_is_sent_both_ways_answer_alike(
    changes: dict[str, object],
    steps: tuple[Callable[[Way], None], ...],
    make_settings: Callable[..., Settings],
) -> None:
    with both_ways(lambda: make_settings(**changes), prepare=steps) as (ordinary, by_lane):
        for name, sent in ALL.items():
            assert by_lane.ask(sent) == ordinary.ask(sent), name


def test_a_trained_model_answers_alike(
    make_settings: Callable[..., Settings],
    promoted: MemoryRegistry,
    wait_until_loaded: Callable[[TestClient], None],
) -> None:
    with both_ways(make_settings, promoted, prepare=[lambda way: wait_until_loaded(way.client)]) as (
        ordinary,
        by_lane,
    ):
        for name, sent in PLAIN.items():
            answered = by_lane.ask(sent)
            assert answered == ordinary.ask(sent), name
            assert b'"kind":"linear"' in answered.body
        assert by_lane.answers_of_lane == len(PLAIN)


def test_what_is_plain_takes_the_lane_and_what_is_not_does_not(
    make_settings: Callable[..., Settings],
) -> None:
    with both_ways(make_settings) as (ordinary, by_lane):
        for name, sent in PLAIN.items():
            assert by_lane.ask(sent).status == 200, name
        assert by_lane.answers_of_lane == len(PLAIN)
        for sent in (ODD | UNFIT).values():
            by_lane.ask(sent)
        assert by_lane.answers_of_lane == len(PLAIN)
        ordinary.ask(Sent())
        assert ordinary.answers_of_lane == 0


def test_there_is_no_lane_where_keys_are_needed(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(**with_security(predict_needs_key=True))
    with TestClient(create_app(settings, registry=MemoryRegistry())) as client:
        assert notes_of(client) is None


def test_where_only_warnings_are_logged_neither_writes_a_line(make_settings: Callable[..., Settings]) -> None:
    with both_ways(make_settings, level="WARNING") as (ordinary, by_lane):
        assert by_lane.ask(Sent()) == ordinary.ask(Sent())
        assert by_lane.answers_of_lane == 1
        assert ordinary.ask(Sent()).events == []


@pytest.mark.parametrize("keeps_texts", [False, True])
def test_both_ways_store_alike(
    keeps_texts: bool, make_settings: Callable[..., Settings], drift_reference: bytes, tmp_path: Path
) -> None:
    """Rows, texts, shares of unknown words and hourly sums, written by another thread."""
    folder = write_model(tmp_path / "classifier", None, drift_reference)
    changes = {"model_path": folder, "groups": {"privacy": PrivacySettings(keep_texts=keeps_texts)}}
    texts = ["good news about the flight", "unheard-of words, and bad ones", "", "mail me at a@b.example"]
    stored = []
    with both_ways(lambda: make_settings(**changes)) as ways:
        for way in ways:
            wait_until(lambda way=way: way.services.store.active, what="the model is active")
            for text in texts:
                assert way.ask(Sent(json.dumps({"text": text}).encode())).status == 200
        assert ways[1].answers_of_lane == len(texts)
        databases = [way.services.records.database.url.database for way in ways]
    for database in databases:  # the end has written what was waiting
        with closing(sqlite3.connect(database)) as connection:
            columns = (
                "model_name, model_version, text_hash, length_chars, label, p_negative, p_neutral, p_positive"
            )
            rows = connection.execute(
                f"SELECT {columns}, text, unknown_share FROM predictions ORDER BY text_hash"  # noqa: S608
            ).fetchall()
            sums = connection.execute("SELECT read_texts FROM drift_sums").fetchall()
        stored.append((rows, sum(count for (count,) in sums)))
    assert stored[0] == stored[1]
    assert (len(stored[1][0]), stored[1][1]) == (len(texts), len(texts))
    assert [row[8] is not None for row in stored[1][0]] == [keeps_texts] * len(texts)


def test_the_time_of_what_is_handed_on_begins_with_its_headers(
    make_settings: Callable[..., Settings],
) -> None:
    """The lane waits for the body; a client that is slow to send it must not look like a quick answer."""
    for has_lane in (False, True):
        stream = io.StringIO()
        configure_logging("INFO", json=True, stream=stream)
        app = create_app(make_settings(), registry=MemoryRegistry(), has_lane=has_lane)
        with TestClient(app) as client:

            async def ask(client: TestClient = client) -> None:
                async def receive() -> Message:
                    await asyncio.sleep(0.3)
                    return {"type": "http.request", "body": b"{", "more_body": False}

                async def send(message: Message) -> None:
                    pass

                scope = Sent().scope(client.app_state)
                await client.app(scope, receive, send)

            client.portal.call(ask)  # type: ignore[union-attr]
        (line,) = [
            one for one in map(json.loads, stream.getvalue().splitlines()) if one["event"] == "request"
        ]
        assert (line["status"], line["milliseconds"] >= 290) == (422, True)


def test_an_answer_that_cannot_be_sent_counts_as_one(make_settings: Callable[..., Settings]) -> None:
    counts = []
    with both_ways(make_settings) as ways:
        for way in ways:

            async def ask(way: Way = way) -> None:
                async def receive() -> Message:
                    return {"type": "http.request", "body": GREAT, "more_body": False}

                async def send(message: Message) -> None:
                    if message["type"] == "http.response.body":
                        raise asyncio.CancelledError

                with suppress(asyncio.CancelledError):
                    await way.client.app(Sent().scope(way.client.app_state), receive, send)

            before = way.counted()
            way.client.portal.call(ask)  # type: ignore[union-attr]
            counts.append({key: value - before.get(key, 0) for key, value in way.counted().items()})
    assert counts[0] == counts[1]
    assert counts[1][f'http_requests_total{{handler="{PREDICT}",method="POST",status="2xx"}}'] == 1
