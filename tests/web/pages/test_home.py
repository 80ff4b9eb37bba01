"""The home page as a browser without JavaScript gets it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.testclient import TestClient

from opinionlens.base.setting_groups import DatabaseSettings, Fallback, SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.serving import predictor
from opinionlens.serving.predictor import ExplainedAnswer
from opinionlens.serving.store import ServedModel
from opinionlens.web.factory import create_app
from opinionlens.web.services.templates import marked, percent


def visible(html: str) -> str:
    """The text of the prediction, without tags, templates and hidden parts."""
    section = re.search(r'<section class="card prediction".*?</section>', html, re.S)
    assert section
    body = re.sub(r"<template.*?</template>", "", section[0], flags=re.S)
    body = re.sub(r"<(\w+)[^>]*\shidden\b[^>]*>.*?</\1>", "", body, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_form_is_empty_at_first_and_no_prediction_is_shown(promoted_client: TestClient) -> None:
    page = promoted_client.get("/")
    assert page.status_code == 200
    assert re.search(r'<section class="card prediction"[^>]*\shidden', page.text)
    assert page.headers["Cache-Control"] == "no-store"
    assert "No trained model is active" not in page.text


@pytest.mark.parametrize(
    ("text", "label"),
    [("great great", "Positive"), ("awful", "Negative"), ("so it is, here we go", "Neutral")],
)
def test_a_sent_text_gets_its_prediction(promoted_client: TestClient, text: str, label: str) -> None:
    page = promoted_client.post("/", data={"text": text})
    assert page.status_code == 200
    assert f'data-label="{label.upper()}"' in page.text
    assert re.search(rf"{label} .*confident", visible(page.text))
    assert f"<title>{label}" in page.text
    assert f">\n{text}</textarea>" in page.text


def test_the_words_are_marked_and_listed(promoted_client: TestClient) -> None:
    page = promoted_client.post("/", data={"text": "great but great, awful <b>"}).text
    assert '<mark data-toward="POSITIVE" data-level="3" data-short>great</mark> but' in page
    assert '<mark data-toward="NEGATIVE" data-level="3" data-short>awful</mark> &lt;b&gt;</p>' in page
    assert re.search(r"great × 2 positive awful negative", visible(page))


@pytest.mark.parametrize(("share", "by_list"), [(0.49, True), (0.5, False), (1.0, False)])
def test_the_page_says_when_the_word_list_decides(
    share: float, by_list: bool, promoted_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    explained = predictor.explained

    def unlike(model: ServedModel, text: str) -> ExplainedAnswer:
        answer = explained(model, text)
        return replace(answer, explanation=replace(answer.explanation, share=share))

    monkeypatch.setattr(predictor, "explained", unlike)
    shown = visible(promoted_client.post("/", data={"text": "great"}).text)
    assert ("a general word list decides" in shown) is by_list
    answer = promoted_client.post("/api/v1/inference/explain", json={"text": "great"}).json()
    assert answer["domain_share"] == share


def test_provenance_is_said(promoted_client: TestClient) -> None:
    shown = visible(promoted_client.post("/", data={"text": "great"}).text)
    assert re.search(r"opinionlens version 1 kind linear answered in \d+\.\d ms", shown)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fair", "No class is clearly ahead"),
        ("nix capisco njet ochi oxi", "too few of these words"),
        ("…", "This text has no words"),
    ],
)
def test_uncertainty_is_said_with_its_reason(promoted_client: TestClient, text: str, words: str) -> None:
    page = promoted_client.post("/", data={"text": text}).text
    assert "data-uncertain" in page
    assert words in visible(page)


@pytest.mark.parametrize("text", ["", "   ", "\r\n", "\u200b\u3164"])
def test_nothing_typed_is_said(client: TestClient, text: str) -> None:
    page = client.post("/", data={"text": text})
    assert page.status_code == 422
    assert "Type or paste a text first." in page.text


def test_a_missing_field_is_as_nothing_typed(client: TestClient) -> None:
    assert client.post("/").status_code == 422
    assert client.post("/", files={"text": b"x"}).status_code in (400, 422)


def test_too_long_a_text_is_kept_and_the_excess_named(client: TestClient) -> None:
    page = client.post("/", data={"text": "x" * 10_213})
    assert page.status_code == 422
    assert "213 characters too long" in page.text
    assert "x" * 10_213 in page.text


def test_line_ends_count_once(client: TestClient) -> None:
    assert client.post("/", data={"text": "x\r\n" * 5_000}).status_code == 200


def test_while_only_the_word_list_answers_the_page_says_so(client: TestClient) -> None:
    assert "No trained model is active." in client.get("/").text


def test_with_nothing_to_answer_the_text_is_not_lost(make_settings: Callable[..., Settings]) -> None:
    app = create_app(make_settings(fallback=Fallback.NONE), registry=MemoryRegistry())
    with TestClient(app) as client:
        assert "Nothing can answer" in client.get("/").text
        page = client.post("/", data={"text": "my long complaint"})
    assert page.status_code == 503
    assert "No model is active yet." in page.text
    assert "my long complaint</textarea>" in page.text


def test_where_a_key_is_needed_the_page_needs_a_login(make_settings: Callable[..., Settings]) -> None:
    security = SecuritySettings(trusted_hosts="testserver", predict_needs_key=True)
    app = create_app(make_settings(groups={"security": security}), registry=MemoryRegistry())
    with TestClient(app) as client:
        for address in ("/", "/feedback"):
            page = client.post(address, data={"text": "my long complaint", "label": "NEGATIVE"})
            assert page.status_code == 401
            assert "Predictions need a login here." in page.text
            assert "my long complaint</textarea>" in page.text


def test_the_table_lists_every_address_of_the_api(client: TestClient) -> None:
    page = client.get("/").text
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in operations.values():
            assert operation["summary"] in page


@pytest.mark.parametrize("address", ["/", "/docs", "/nothing"])
def test_pages_need_no_inline_code_and_no_other_origin(client: TestClient, address: str) -> None:
    html = client.get(address, headers={"Accept": "text/html"}).text
    assert not re.search(r"\sstyle=|\son\w+=|<style", html)
    assert all(re.search(r'\ssrc="/', tag) for tag in re.findall(r"<script[^>]*>", html))
    loaded = re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="([^"]+)"', html)
    assert loaded
    assert all(address.startswith("/") and not address.startswith("//") for address in loaded)


def test_every_asset_of_the_pages_is_there_and_asked_about_each_time(client: TestClient) -> None:
    for page in ("/", "/docs"):
        html = client.get(page).text
        for address in re.findall(r'<(?:link|script)[^>]*(?:href|src)="([^"]+)"', html):
            response = client.get(address)
            assert response.status_code == 200, address
            assert response.headers["Cache-Control"] == "no-cache"
            again = client.get(address, headers={"If-None-Match": response.headers["ETag"]})
            assert again.status_code == 304


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_gets_a_page(client: TestClient, text: str) -> None:
    sent = text.encode("utf-8", "surrogatepass")
    page = client.post("/", data={"text": sent})
    assert page.status_code in (200, 422)
    assert page.content.decode("utf-8")


@settings(max_examples=40, deadline=None)
@given(body=st.binary(max_size=60))
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
def test_any_body_is_answered(client: TestClient, kind: str, body: bytes) -> None:
    response = client.post("/", content=body, headers={"Content-Type": kind})
    assert response.status_code in (200, 400, 422)


class TestFeedback:
    def test_it_is_kept_and_thanked_for(self, promoted_client: TestClient) -> None:
        sent = {"text": "great\r\nreally", "label": "NEUTRAL", "prediction_id": str(uuid4())}
        page = promoted_client.post("/feedback", data=sent)
        assert page.status_code == 200
        assert "Thank you. Noted as neutral." in visible(page.text)
        assert 'data-label="POSITIVE"' in page.text
        assert "Is this right?" not in visible(page.text)

    def test_a_text_is_enough(self, promoted_client: TestClient) -> None:
        sent = {"text": "great", "label": "POSITIVE", "prediction_id": "nonsense"}
        assert "Thank you." in visible(promoted_client.post("/feedback", data=sent).text)

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"text": "great"},
            {"text": "", "label": "NEUTRAL"},
            {"text": "great", "label": "SUPERB"},
            {"text": "x" * 10_001, "label": "NEUTRAL"},
        ],
    )
    def test_what_says_nothing_is_refused(self, client: TestClient, sent: dict[str, str]) -> None:
        page = client.post("/feedback", data=sent)
        assert page.status_code == 422
        assert "Get a prediction first" in page.text

    def test_without_a_database_the_prediction_stays_and_the_reason_is_said(
        self, make_settings: Callable[..., Settings], tmp_path: Path
    ) -> None:
        (tmp_path / "no-folder").write_text("a file where the folder should be")
        away = DatabaseSettings(url=SecretStr(f"sqlite:///{tmp_path / 'no-folder' / 'app.db'}"))
        app = create_app(make_settings(groups={"database": away}), registry=MemoryRegistry())
        with TestClient(app) as client:
            page = client.post("/feedback", data={"text": "great", "label": "NEUTRAL"})
        assert page.status_code == 503
        assert 'data-label="' in page.text
        assert re.search(r'class="alert" role="alert" >[^<]*database', page.text)


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0 %"), (0.001, "< 1 %"), (0.3351, "34 %"), (0.994, "99 %"), (0.9999, "> 99 %"), (1.0, "100 %")],
)
def test_shares_are_never_rounded_to_certainty(share: float, shown: str) -> None:
    assert percent(share) == shown


def test_code_in_messages_is_marked_and_the_rest_escaped() -> None:
    assert marked("Set `A<b>` or <b>.") == "Set <code>A&lt;b&gt;</code> or &lt;b&gt;."
