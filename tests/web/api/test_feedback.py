"""Readers say what is right: kept before the answer, without names, and given back as a data set."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from tests.support.waiting import wait_until
from tests.support.web_app import wait_until_recording

from opinionlens.base.setting_groups import DatabaseSettings, PrivacySettings, SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.web.api.feedback.schemas import FeedbackAnswer, FeedbackPage, ForgottenAnswer
from opinionlens.web.factory import create_app
from opinionlens.web.http.schemas import Problem

FEEDBACK = "/api/v1/feedback"
EXPORT = f"{FEEDBACK}/export"
PREDICT = "/api/v1/inference/predict"
KEY = "the-key-of-the-admin-for-tests-0123456789"
AS_ADMIN = {"Authorization": f"Bearer {KEY}"}
SECURITY = SecuritySettings(trusted_hosts="testserver", admin_key=SecretStr(KEY), feedback_per_minute=100_000)


@pytest.fixture
def client(make_settings: Callable[..., Settings]) -> Iterator[TestClient]:
    settings = make_settings(groups={"security": SECURITY, "privacy": PrivacySettings(keep_texts=True)})
    with TestClient(create_app(settings, registry=MemoryRegistry())) as client:
        wait_until_recording(client)
        yield client


def listed(client: TestClient, **query: int) -> FeedbackPage:
    response = client.get(FEEDBACK, params=query, headers=AS_ADMIN)
    assert response.status_code == 200
    return FeedbackPage.model_validate_json(response.content)


def exported(client: TestClient) -> list[dict[str, str]]:
    lines = client.get(EXPORT, params={"format": "jsonl"}, headers=AS_ADMIN).text.split("\n")
    return [json.loads(line) for line in lines if line]


class TestGive:
    @pytest.mark.parametrize("label", ["NEGATIVE", "neutral", "Positive"])
    def test_a_label_in_any_case_is_kept_with_its_text(self, client: TestClient, label: str) -> None:
        response = client.post(FEEDBACK, json={"text": "so so", "label": label, "source": "page"})
        assert response.status_code == 201
        answer = FeedbackAnswer.model_validate_json(response.content)
        assert answer.label.value == label.upper()
        (row,) = listed(client).feedback
        assert (row.id, row.text, row.source, row.prediction_id) == (answer.id, "so so", "page", None)

    def test_an_answer_is_named_by_its_id(self, client: TestClient) -> None:
        ident = client.post(PREDICT, json={"text": "fine"}).json()["prediction_id"]
        response = client.post(FEEDBACK, json={"prediction_id": ident, "label": "neutral"})
        assert response.json()["prediction_id"] == ident
        assert response.json()["source"] == "api"

    def test_an_id_that_is_not_known_yet_is_taken(self, client: TestClient) -> None:
        ident = str(uuid4())
        assert client.post(FEEDBACK, json={"prediction_id": ident, "label": "neutral"}).status_code == 201
        assert str(listed(client).feedback[0].prediction_id) == ident

    def test_names_and_addresses_are_taken_out(self, client: TestClient) -> None:
        client.post(FEEDBACK, json={"text": "ask @jane or jane@example.com", "label": "neutral"})
        assert listed(client).feedback[0].text == "ask @user or [email]"

    @pytest.mark.parametrize(
        "body",
        [
            {"label": "neutral"},
            {"label": "neutral", "text": None},
            {"text": "x"},
            {"text": "x", "label": "great"},
            {"text": "x", "label": "neutral "},
            {"text": "x", "label": None},
            {"text": "", "label": "neutral"},
            {"text": 1, "label": "neutral"},
            {"text": "x" * 10_001, "label": "neutral"},
            {"prediction_id": "12", "label": "neutral"},
            {"text": "x", "label": "neutral", "source": ""},
            {"text": "x", "label": "neutral", "source": "s" * 51},
            [],
            "x",
            None,
        ],
    )
    def test_what_says_nothing_is_refused_in_words(self, client: TestClient, body: Any) -> None:
        response = client.post(FEEDBACK, json=body)
        assert response.status_code == 422
        problem = Problem.model_validate_json(response.content)
        assert problem.errors is not None
        assert problem.errors[0].where.startswith("body")
        assert listed(client).total == 0

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"\xff",
            b"[" * 100_000,
            b'{"text": "\\ud800", "label": "neutral"}',
            b'{"text": "x", "label": "neutral", "source": "\\udc00"}',
            b'{"text": NaN, "label": "neutral"}',
            b'{"prediction_id": ' + b"9" * 5_000 + b', "label": "neutral"}',
        ],
        ids=["nothing", "open", "bytes", "deep", "surrogate", "source", "nan", "digits"],
    )
    def test_what_is_no_json_is_refused(self, client: TestClient, body: bytes) -> None:
        assert client.post(FEEDBACK, content=body).status_code == 422

    def test_a_wrong_label_is_told_the_right_ones(self, client: TestClient) -> None:
        refused = client.post(FEEDBACK, json={"text": "x", "label": "neg"})
        (fault,) = refused.json()["errors"]
        assert fault == {
            "where": "body.label",
            "message": "Input should be 'NEGATIVE', 'NEUTRAL' or 'POSITIVE'",
        }

    def test_a_byte_order_mark_is_left_out(self, client: TestClient) -> None:
        body = b'\xef\xbb\xbf{"text": "x", "label": "neutral"}'
        assert client.post(FEEDBACK, content=body).status_code == 201

    @pytest.mark.parametrize("text", [" ", "\n", "\x00", "a\x00b", "\u202e\ufeff", "\U0010ffff", "\x85"])
    def test_any_unicode_is_kept_as_far_as_a_database_can(self, client: TestClient, text: str) -> None:
        given = client.post(FEEDBACK, json={"text": text, "label": "neutral"})
        assert given.status_code == 201
        assert [row["text"] for row in exported(client)] == [text.replace("\x00", "\ufffd")]

    def test_the_longest_text_fits(self, client: TestClient) -> None:
        assert client.post(FEEDBACK, json={"text": "😀" * 10_000, "label": "neutral"}).status_code == 201

    def test_nothing_is_acknowledged_that_was_not_kept(self, make_settings: Callable[..., Settings]) -> None:
        nowhere = DatabaseSettings(
            url=SecretStr("postgresql+psycopg://nobody@127.0.0.1:9/x?connect_timeout=1")
        )
        app = create_app(make_settings(groups={"database": nowhere}), registry=MemoryRegistry())
        with TestClient(app) as client:
            response = client.post(FEEDBACK, json={"text": "x", "label": "neutral"})
            assert client.post(PREDICT, json={"text": "still answers"}).status_code == 200
        assert response.status_code == 503
        assert response.json()["code"] == "storage_unavailable"
        assert response.headers["Retry-After"].isdigit()

    def test_one_address_may_give_so_much_a_minute(self, make_settings: Callable[..., Settings]) -> None:
        security = SecuritySettings(trusted_hosts="testserver", feedback_per_minute=2)
        app = create_app(make_settings(groups={"security": security}), registry=MemoryRegistry())
        with TestClient(app) as client:
            answers = [client.post(FEEDBACK, json={"label": "neutral"}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [422, 422, 429]
        assert answers[-1].json()["code"] == "too_many_requests"
        assert int(answers[-1].headers["Retry-After"]) in range(1, 62)


class TestList:
    def test_pages_lead_from_the_newest_to_the_oldest(self, client: TestClient) -> None:
        for number in range(5):
            client.post(FEEDBACK, json={"text": f"text {number}", "label": "neutral"})
        seen: list[str | None] = []
        page = listed(client, limit=2)
        while True:
            assert page.total == 5
            seen += [row.text for row in page.feedback]
            if page.next_before is None:
                break
            page = listed(client, limit=2, before=page.next_before)
        assert seen == [f"text {number}" for number in (4, 3, 2, 1, 0)]

    @pytest.mark.parametrize("address", [FEEDBACK, EXPORT])
    def test_is_for_the_admin_only(self, client: TestClient, address: str) -> None:
        assert client.get(address).status_code == 401
        assert client.get(address, headers={"Authorization": "Bearer wrong"}).status_code == 401

    @pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "before=0", f"before={2**63}"])
    def test_impossible_pages_are_refused(self, client: TestClient, query: str) -> None:
        assert client.get(f"{FEEDBACK}?{query}", headers=AS_ADMIN).status_code == 422


class TestExport:
    def test_nothing_given_is_an_empty_set(self, client: TestClient) -> None:
        assert client.get(EXPORT, headers=AS_ADMIN).text == "text,label,source,time\r\n"
        assert exported(client) == []

    def test_the_last_word_on_an_answer_counts_and_its_kept_text_is_found(self, client: TestClient) -> None:
        ident = client.post(PREDICT, json={"text": "not bad"}).json()["prediction_id"]
        for label in ("neutral", "positive"):
            client.post(FEEDBACK, json={"prediction_id": ident, "label": label})
        client.post(FEEDBACK, json={"prediction_id": str(uuid4()), "label": "neutral"})  # text unknown
        rows = wait_until(lambda: exported(client))  # the log is written a moment later
        assert [(row["text"], row["label"], row["source"]) for row in rows] == [
            ("not bad", "POSITIVE", "api")
        ]

    def test_json_lines_are_exact_and_csv_is_safe_in_spreadsheets(self, client: TestClient) -> None:
        texts = ["=1+1", 'a "quoted", line\nand another', "plain 😀 \u2028 text"]
        for text in texts:
            client.post(FEEDBACK, json={"text": text, "label": "neutral"})
        lines = client.get(EXPORT, params={"format": "jsonl"}, headers=AS_ADMIN)
        assert lines.headers["Content-Type"] == "application/jsonl"
        assert [json.loads(line)["text"] for line in lines.text.strip("\n").split("\n")] == texts
        table = client.get(EXPORT, headers=AS_ADMIN)
        assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert 'filename="feedback.csv"' in table.headers["Content-Disposition"]
        rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
        assert [row["text"] for row in rows] == ["'=1+1", *texts[1:]]

    def test_many_rows_come_in_portions(self, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("opinionlens.web.api.feedback.labelled_files.ROWS_AT_ONCE", 2)
        for number in range(4):
            client.post(FEEDBACK, json={"text": f"text {number}", "label": "neutral"})
            assert [row["text"] for row in exported(client)] == [f"text {n}" for n in range(number + 1)]

    def test_another_format_is_refused(self, client: TestClient) -> None:
        assert client.get(EXPORT, params={"format": "xlsx"}, headers=AS_ADMIN).status_code == 422


class TestDelete:
    def test_one_by_its_id(self, client: TestClient) -> None:
        ids = [
            client.post(FEEDBACK, json={"text": "so so", "label": "neutral"}).json()["id"] for _ in range(2)
        ]
        answer = client.delete(f"{FEEDBACK}/{ids[0]}", headers=AS_ADMIN)
        assert answer.status_code == 200
        assert FeedbackAnswer.model_validate_json(answer.content).id == ids[0]
        assert [row.id for row in listed(client).feedback] == [ids[1]]
        assert client.delete(f"{FEEDBACK}/{ids[0]}", headers=AS_ADMIN).status_code == 404
        assert client.delete(f"{FEEDBACK}/{10**30}", headers=AS_ADMIN).status_code == 404

    def test_all_of_a_text(self, client: TestClient) -> None:
        text = "ask @jane or jane@example.com"
        ident = client.post(PREDICT, json={"text": text}).json()["prediction_id"]
        client.post(PREDICT, json={"text": "another text"})
        client.post(FEEDBACK, json={"text": text, "label": "neutral"})
        client.post(FEEDBACK, json={"prediction_id": ident, "label": "neutral"})
        client.post(FEEDBACK, json={"text": "another text", "label": "neutral"})
        records = client.app_state["services"].records
        wait_until(lambda: records.counts.written >= 2)
        answer = client.post(f"{FEEDBACK}/delete", json={"text": text}, headers=AS_ADMIN)
        assert answer.status_code == 200
        assert ForgottenAnswer.model_validate_json(answer.content) == ForgottenAnswer(
            feedback=2, predictions=1
        )
        assert [row["text"] for row in exported(client)] == ["another text"]
        again = client.post(f"{FEEDBACK}/delete", json={"text": text}, headers=AS_ADMIN)
        assert again.json() == {"feedback": 0, "predictions": 0}

    @pytest.mark.parametrize(
        "body", [{}, {"text": ""}, {"text": 3}, {"text": "a", "id": 1}, {"text": "a" * 10_001}]
    )
    def test_a_body_that_says_no_text(self, client: TestClient, body: dict[str, Any]) -> None:
        assert client.post(f"{FEEDBACK}/delete", json=body, headers=AS_ADMIN).status_code == 422

    def test_is_for_administrators(self, client: TestClient) -> None:
        assert client.delete(f"{FEEDBACK}/1").status_code == 401
        assert client.post(f"{FEEDBACK}/delete", json={"text": "a"}).status_code == 401
