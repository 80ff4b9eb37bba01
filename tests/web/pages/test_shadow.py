"""`/admin/shadow`: the numbers of challengers, and the texts that they label otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient
from tests.support.admin_pages import SECURITY, logged_in, words_in

from opinionlens.base.setting_groups import PrivacySettings
from opinionlens.classifiers.prediction import Prediction
from opinionlens.storage import Database, predictions, shadow_answers
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.storage.shadow_answers import ShadowAnswer, ShadowVersion
from opinionlens.text.labels import Label

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
NEGATIVE = Prediction(Label.NEGATIVE, 0.72, (0.72, 0.2, 0.08))
POSITIVE = Prediction(Label.POSITIVE, 0.65, (0.1, 0.25, 0.65))


def answered(database: Database, number: int, *texts: str, answer: Prediction = NEGATIVE) -> None:
    rows = [
        PredictionRow(
            id=uuid4(),
            at=NOON + timedelta(minutes=minutes),
            model_name="opinionlens",
            model_version=1,
            text_hash=hash_text(text),
            length_chars=len(text),
            label=Label.POSITIVE,
            probabilities=(0.1, 0.25, 0.65),
            latency_seconds=0.001,
            text=text,
        )
        for minutes, text in enumerate(texts)
    ]
    predictions.write(database, rows)
    for served in shadow_answers.served_texts(database, [row.id for row in rows]):
        version = ShadowVersion("opinionlens", number)
        shadow_answers.add(database, [ShadowAnswer(one, version, answer) for one in served])


@pytest.fixture
def open_page(make_settings: Callable[..., Any]) -> Iterator[Callable[..., TestClient]]:
    """A function that logs in to an app which keeps texts or not, and returns client and database."""
    opened: list[Any] = []

    def open_page(*, keeps: bool = True) -> tuple[TestClient, Database]:
        groups = {"security": SECURITY, "privacy": PrivacySettings(keep_texts=keeps)}
        settings = make_settings(groups=groups)
        manager = logged_in(settings, "/admin/shadow")
        client = manager.__enter__()
        database = Database(settings.database.url.get_secret_value())
        opened.append((manager, database))
        return client, database

    yield open_page
    for manager, database in opened:
        with closing(database):
            manager.__exit__(None, None, None)


def test_before_the_first_answer_the_page_says_what_to_set(open_page: Callable[..., Any]) -> None:
    client, _ = open_page(keeps=False)
    words = words_in(client.get("/admin/shadow").text)
    assert "This app keeps no texts, so a challenger has nothing to answer." in words
    assert "No challenger has answered yet" in words
    assert "WORKER__SHADOW_SHARE=0.1" in words


def test_texts_are_listed_newest_first_with_both_answers(open_page: Callable[..., Any]) -> None:
    client, database = open_page()
    answered(database, 2, "first <b>one</b>", "second one")
    answered(database, 2, "agreed", answer=POSITIVE)
    page = client.get("/admin/shadow").text
    words = words_in(page)
    assert "opinionlens 2 3 2 66.7 % 20.8 to 93.9 %" in words
    assert words.index("second one") < words.index("first <b>one</b>")
    assert "Served opinionlens 1 Positive 65 % Challenger opinionlens 2 Negative 72 %" in words
    assert "first &lt;b&gt;one&lt;/b&gt;" in page
    assert "agreed" not in words
    assert "keeps no texts" not in words


def test_an_earlier_challenger_can_be_looked_at(open_page: Callable[..., Any]) -> None:
    client, database = open_page()
    answered(database, 3, "a", "b", "c")
    answered(database, 2, "of the earlier one")
    assert "Where opinionlens 3 answers otherwise" in words_in(client.get("/admin/shadow").text)
    earlier = words_in(client.get("/admin/shadow?version=opinionlens-2").text)
    assert "Where opinionlens 2 answers otherwise" in earlier
    assert "of the earlier one" in earlier


def test_a_long_list_has_pages(open_page: Callable[..., Any]) -> None:
    client, database = open_page()
    answered(database, 2, *(f"text number {number}." for number in range(30)))
    first = client.get("/admin/shadow").text
    assert "text number 29." in first
    assert "text number 5." in first
    assert "text number 4." not in first
    assert "version=opinionlens-2&amp;offset=25" in first
    second = words_in(client.get("/admin/shadow?version=opinionlens-2&offset=25").text)
    assert "text number 4." in second
    assert "text number 5." not in second
    assert "Newer" in second
    assert "Older" not in second


def test_a_login_is_needed(client: TestClient) -> None:
    assert client.get("/admin/shadow", follow_redirects=False).status_code == 303
