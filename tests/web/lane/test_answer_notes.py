"""Notes of the lane: when they are in the metrics and in the log."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from starlette.testclient import TestClient
from tests.support.waiting import wait_until

from opinionlens.base.logs import EventLines, configure_logging
from opinionlens.base.settings import Settings
from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.registry import MemoryRegistry
from opinionlens.serving.store import ServedModel
from opinionlens.text.labels import Label
from opinionlens.web.factory import create_app
from opinionlens.web.lane.answer_notes import AnswerNote, AnswerNotes
from opinionlens.web.metrics import AnsweredText, Metrics

PREDICT = "/api/v1/inference/predict"
COUNTED = f'http_requests_total{{handler="{PREDICT}",method="POST",status="2xx"}}'
MODEL = ServedModel(LexiconClassifier(), "brands", 7)


@pytest.fixture
def logged() -> io.StringIO:
    stream = io.StringIO()
    configure_logging("INFO", json=True, stream=stream)
    yield stream
    structlog.reset_defaults()


def lines_of(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def note(ident: str) -> AnswerNote:
    answered = AnsweredText(MODEL, Label.NEGATIVE, 0.0001, 9, 0.00123, 17, 300)
    return AnswerNote(ident, datetime(2026, 1, 2, 3, 4, 5, 678, UTC), answered)


def counted(metrics: Metrics) -> float:
    lines = metrics.exposition().decode().splitlines()
    return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(COUNTED)), 0.0)


def test_they_are_written_together_in_their_order(logged: io.StringIO) -> None:
    notes = AnswerNotes(Metrics(), EventLines())

    async def answer() -> None:
        for number in range(3):
            notes.add(note(str(number)))
        assert logged.getvalue() == ""
        while not logged.getvalue():  # noqa: ASYNC110 - there is nothing else to wait for
            await asyncio.sleep(0.005)

    asyncio.run(asyncio.wait_for(answer(), 60))
    assert [line["request_id"] for line in lines_of(logged)] == ["0", "1", "2"]
    assert lines_of(logged)[0] == {
        "method": "POST",
        "route": PREDICT,
        "status": 200,
        "milliseconds": 1.23,
        "event": "request",
        "level": "info",
        "request_id": "0",
        "time": "2026-01-02T03:04:05.000678Z",
    }


def test_who_asks_for_the_metrics_gets_all_and_each_once(logged: io.StringIO) -> None:
    metrics = Metrics()
    notes = AnswerNotes(metrics, EventLines())

    async def answer() -> None:
        notes.add(note("a"))
        notes.add(note("b"))
        assert counted(metrics) == 2
        notes.add(note("c"))
        assert await asyncio.to_thread(counted, metrics) == 3
        notes.hand_over()
        assert counted(metrics) == 3

    asyncio.run(answer())
    assert len(lines_of(logged)) == 3


def test_an_app_writes_them_soon_and_at_its_end(
    logged: io.StringIO, make_settings: Callable[..., Settings]
) -> None:
    def requests() -> list[dict[str, Any]]:
        return [line for line in lines_of(logged) if line["event"] == "request"]

    with TestClient(create_app(make_settings(), registry=MemoryRegistry())) as client:
        first = client.post(PREDICT, json={"text": "great"}).headers["X-Request-ID"]
        wait_until(requests, what="the line is there")
        last = client.post(PREDICT, json={"text": "great"}).headers["X-Request-ID"]
    assert [line["request_id"] for line in requests()] == [first, last]


def test_without_json_a_line_is_as_people_read_it() -> None:
    stream = io.StringIO()
    configure_logging("INFO", json=False, stream=stream)
    try:
        EventLines().write([{"event": "request", "level": "info", "status": 200, "time": "now"}])
    finally:
        structlog.reset_defaults()
    assert "request" in stream.getvalue()
    assert "status" in stream.getvalue()
    assert "{" not in stream.getvalue()
