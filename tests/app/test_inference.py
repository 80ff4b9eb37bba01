"""Verdicts for programs: the shapes that S1's users rely on, more fields, limits by name, never a 500."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from opinionlens.app.factory import create_app
from opinionlens.app.schemas import ExplanationAnswer, PredictionAnswer, Problem
from opinionlens.registry import MemoryRegistry
from opinionlens.settings import Settings
from opinionlens.text.labels import LABELS

PREDICT = "/api/v1/inference/predict"
BATCH = "/api/v1/inference/batch_predict"
EXPLAIN = "/api/v1/inference/explain"

ANY_TEXT = st.text(st.characters(), max_size=200)


class TestPredict:
    @pytest.mark.parametrize(
        ("text", "label"),
        [
            ("I love this, it is wonderful!", "POSITIVE"),
            ("This is horrible, I hate it.", "NEGATIVE"),
            ("The meeting is at noon.", "NEUTRAL"),
        ],
    )
    def test_both_methods_give_the_same_verdict(self, client: TestClient, text: str, label: str) -> None:
        posted = client.post(PREDICT, json={"text": text}).json()
        asked = client.get(PREDICT, params={"text": text}).json()
        assert posted["prediction"] == asked["prediction"] == label
        assert posted["probabilities"] == asked["probabilities"]

    def test_the_answer_is_what_the_schema_says(self, client: TestClient) -> None:
        response = client.post(PREDICT, json={"text": "I love it"})
        answer = PredictionAnswer.model_validate_json(response.content, strict=True)
        assert answer.request_id == response.headers["X-Request-ID"]
        assert math.isclose(sum(answer.probabilities.model_dump().values()), 1, abs_tol=1e-9)
        assert answer.confidence == max(answer.probabilities.model_dump().values())
        assert answer.model.model_dump() == {"name": "word list", "version": None, "kind": "lexicon"}

    @pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u3000"])
    def test_no_words_is_an_uncertain_answer(self, client: TestClient, text: str) -> None:
        answer = client.post(PREDICT, json={"text": text}).json()
        assert answer["uncertain"] is True
        assert answer["reason"] == "empty_text"

    def test_further_fields_are_left_alone(self, client: TestClient) -> None:
        assert client.post(PREDICT, json={"text": "fine", "language": "en"}).status_code == 200

    def test_a_text_at_the_limit_is_answered_and_one_beyond_is_not(self, client: TestClient) -> None:
        assert client.post(PREDICT, json={"text": "😀" * 10_000}).status_code == 200
        refused = client.post(PREDICT, json={"text": "😀" * 10_001})
        assert refused.status_code == 422
        assert "10000" in refused.json()["detail"]

    def test_no_cache_may_keep_an_answer(self, client: TestClient) -> None:
        assert client.get(PREDICT, params={"text": "x"}).headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b'"text"',
            b"{}",
            b'{"text": null}',
            b'{"text": 1}',
            b'{"text": ["a"]}',
            b'{"text": "\\ud83d"}',
            b'{"text": "\xff"}',
            b'{"text": "a\x00b"}',
            b"[" * 100_000,
            b'{"text": ' + b"9" * 5_000 + b"}",
        ],
    )
    def test_what_is_no_text_is_refused_in_words(self, client: TestClient, body: bytes) -> None:
        response = client.post(PREDICT, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 422
        problem = Problem.model_validate_json(response.content)
        assert response.headers["Content-Type"] == "application/problem+json"
        assert problem.code == "invalid_request"
        assert problem.errors is not None
        assert problem.errors[0].where.startswith("body")

    def test_a_missing_parameter_is_named(self, client: TestClient) -> None:
        response = client.get(PREDICT)
        assert response.status_code == 422
        assert response.json()["errors"] == [{"where": "query.text", "message": "Field required"}]

    @pytest.mark.parametrize(
        "query", ["text=%00", "text=%ED%A0%80", "text=%FF", "text=a&text=b", "text=%E2%98%83"]
    )
    def test_any_query_is_answered(self, client: TestClient, query: str) -> None:
        assert client.get(f"{PREDICT}?{query}").status_code == 200


class TestBatch:
    def test_labels_come_in_the_order_of_the_texts(self, client: TestClient) -> None:
        response = client.post(BATCH, json=["I love it", "I hate it", "", "noon"])
        assert response.json() == ["POSITIVE", "NEGATIVE", "NEUTRAL", "NEUTRAL"]

    def test_an_empty_batch_is_an_empty_list(self, client: TestClient) -> None:
        response = client.post(BATCH, json=[])
        assert (response.status_code, response.json()) == (200, [])

    def test_each_text_gets_the_label_that_it_gets_alone(self, client: TestClient) -> None:
        texts = [
            f"{word} food {'x' * number}" for number, word in enumerate(["great", "awful", "plain"] * 60)
        ]
        alone = [client.post(PREDICT, json={"text": text}).json()["prediction"] for text in texts[:6]]
        assert client.post(BATCH, json=texts).json() == alone * 30

    def test_the_limit_on_items_is_named(self, client: TestClient) -> None:
        assert client.post(BATCH, json=["x"] * 1_000).status_code == 200
        refused = client.post(BATCH, json=["x"] * 1_001)
        assert refused.status_code == 422
        assert "1000" in refused.json()["detail"]

    def test_the_place_of_a_wrong_item_is_named_but_not_its_content(self, client: TestClient) -> None:
        refused = client.post(BATCH, json=["fine", {"my secret": 1}])
        assert refused.json()["errors"][0]["where"] == "body.1"
        assert "secret" not in refused.text

    def test_a_batch_too_large_is_refused_by_its_bytes(self, client: TestClient) -> None:
        refused = client.post(BATCH, json=["x" * 9_000] * 250)
        assert refused.status_code == 413
        assert "2000000 bytes" in refused.json()["detail"]


class TestExplain:
    def test_the_answer_is_what_the_schema_says_and_adds_up(self, client: TestClient) -> None:
        response = client.post(EXPLAIN, json={"text": "I love it 😀, but the 😀 food was awful!"})
        answer = ExplanationAnswer.model_validate_json(response.content)
        for label in LABELS:
            total = answer.bias[label] + answer.rest[label]
            total += sum(one.values[label] for one in answer.contributions)
            assert math.isclose(total, answer.decision[label], abs_tol=1e-9)

    def test_words_are_where_they_say_they_are(self, client: TestClient) -> None:
        text = "😀 great food 😀😀 awful service"
        words = client.post(EXPLAIN, json={"text": text}).json()["words"]
        assert [text[word["start"] : word["end"]] for word in words] == [word["text"] for word in words]
        toward = {word["text"]: word["toward"] for word in words}
        assert (toward["great"], toward["awful"]) == ("POSITIVE", "NEGATIVE")
        assert max(word["strength"] for word in words) == 1

    def test_many_contributions_are_summed_up_and_still_add_up(
        self, promoted_client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("opinionlens.app.answers.LISTED_CONTRIBUTIONS", 1)
        answer = promoted_client.post(EXPLAIN, json={"text": "great great awful food"}).json()
        assert [one["feature"] for one in answer["contributions"]] == ["great"]
        assert answer["rest"]["POSITIVE"] == pytest.approx(-3)
        assert answer["decision"]["POSITIVE"] == pytest.approx(3)

    @pytest.mark.parametrize("text", ["", "   ", "x" * 10_000, "😀" * 10_000, "great " * 1_600])
    def test_any_length_is_explained(self, client: TestClient, text: str) -> None:
        response = client.post(EXPLAIN, json={"text": text})
        assert response.status_code == 200


class TestAnyText:
    """Properties over all of Unicode; hypothesis shrinks what breaks them."""

    fuzzed = settings(max_examples=60, deadline=None)

    @fuzzed
    @given(text=ANY_TEXT)
    @example(text="\x00")
    @example(text="\ud800")
    @example(text="a\u202eb\ufeff")
    def test_is_answered_or_refused(self, client: TestClient, text: str) -> None:
        body = json.dumps({"text": text})  # escapes, so that half a surrogate pair can be sent at all
        for address in (PREDICT, EXPLAIN):
            assert client.post(address, content=body).status_code in (200, 422)

    @fuzzed
    @given(texts=st.lists(ANY_TEXT, max_size=8))
    def test_in_a_batch_is_answered_or_refused(self, client: TestClient, texts: list[str]) -> None:
        response = client.post(BATCH, content=json.dumps(texts))
        assert response.status_code in (200, 422)
        if response.status_code == 200:
            assert len(response.json()) == len(texts)

    @fuzzed
    @given(body=st.binary(max_size=100))
    def test_or_any_bytes_are_answered_or_refused(self, client: TestClient, body: bytes) -> None:
        for address in (PREDICT, BATCH, EXPLAIN):
            assert client.post(address, content=body).status_code in (200, 422)


class TestLimitsFromSettings:
    def test_are_checked_and_described(self, make_settings: Callable[..., Settings]) -> None:
        app = create_app(make_settings(max_text_chars=5, max_batch_items=2), registry=MemoryRegistry())
        with TestClient(app) as client:
            assert client.post(PREDICT, json={"text": "12345"}).status_code == 200
            assert client.get(PREDICT, params={"text": "123456"}).status_code == 422
            assert client.post(BATCH, json=["a", "b", "c"]).status_code == 422
            paths = client.get("/openapi.json").json()["paths"]
        query = paths[PREDICT]["get"]["parameters"][0]["schema"]
        body = paths[PREDICT]["post"]["requestBody"]["content"]["application/json"]["schema"]
        batch = paths[BATCH]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert query["maxLength"] == body["properties"]["text"]["maxLength"] == 5
        assert (batch["maxItems"], batch["items"]["maxLength"]) == (2, 5)
