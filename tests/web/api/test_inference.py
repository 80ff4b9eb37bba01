"""Predictions for programs: the shapes of the first system, more fields, limits by name, never a 500."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.testclient import TestClient
from tests.support.waiting import wait_until

from opinionlens.base.setting_groups import DatabaseSettings, PrivacySettings, SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.classifiers.prediction import Prediction
from opinionlens.registry import MemoryRegistry
from opinionlens.serving.store import ServedModel
from opinionlens.storage import predictions
from opinionlens.text.labels import LABELS
from opinionlens.web.factory import create_app
from opinionlens.web.http.schemas import BatchDetailAnswer, ExplanationAnswer, PredictionAnswer, Problem

PREDICT = "/api/v1/inference/predict"
BATCH = "/api/v1/inference/batch_predict"
EXPLAIN = "/api/v1/inference/explain"

ANY_TEXT = st.text(st.characters(), max_size=200)
ANY_ITEM = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT


class TestPredict:
    @pytest.mark.parametrize(
        ("text", "label"),
        [
            ("I love this, it is wonderful!", "POSITIVE"),
            ("This is horrible, I hate it.", "NEGATIVE"),
            ("The meeting is at noon.", "NEUTRAL"),
        ],
    )
    def test_both_methods_give_the_same_prediction(self, client: TestClient, text: str, label: str) -> None:
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

    @pytest.mark.parametrize(
        "body",
        [
            b'{"text": "awful", "text": "I love it"}',  # of two the last, as everywhere
            b'{"text": "I love it", "number": NaN, "more": [[[[]]]]}',
            b' \n{"text": "I love it"}\r\n ',
            b'{"\\u0074ext": "I love\\u0020it"}',
            b'\xef\xbb\xbf{"text": "I love it"}',
        ],
        ids=["twice", "more", "blank", "escaped", "mark"],
    )
    @pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/xml; charset=x", ""])
    def test_odd_json_is_json_under_whatever_type_it_is_sent(
        self, client: TestClient, body: bytes, kind: str
    ) -> None:
        for address in (PREDICT, EXPLAIN):
            answer = client.post(address, content=body, headers={"Content-Type": kind})
            assert (answer.status_code, answer.json()["prediction"]) == (200, "POSITIVE")
        assert (
            client.post("/predict", content=body, headers={"Content-Type": kind}).json()["label"]
            == "positive"
        )

    def test_a_missing_parameter_is_named(self, client: TestClient) -> None:
        response = client.get(PREDICT)
        assert response.status_code == 422
        assert response.json()["errors"] == [{"where": "query.text", "message": "Field required"}]

    @pytest.mark.parametrize("query", ["text=%00", "text=a&text=b", "text=%E2%98%83", "text=100%&b=%zz"])
    def test_any_query_in_utf8_is_answered(self, client: TestClient, query: str) -> None:
        assert client.get(f"{PREDICT}?{query}").status_code == 200

    @pytest.mark.parametrize(
        ("query", "where"),
        [
            ("text=caf%E9", "query.text"),
            ("text=%ED%A0%80", "query.text"),
            ("text=a&more=%FF", "query.more"),
            ("text=a&%FF=b", "query"),
        ],
    )
    def test_other_bytes_are_refused_instead_of_replaced(
        self, client: TestClient, query: str, where: str
    ) -> None:
        refused = client.get(f"{PREDICT}?{query}")
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert fault["where"] == where
        assert "UTF-8" in fault["message"]


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


class TestBatchInDetail:
    DETAIL = f"{BATCH}?detail=true"

    def test_each_item_has_its_prediction_as_it_would_alone(self, client: TestClient) -> None:
        texts = ["I love it", "", "I hate it", "😀" * 10_000]
        response = client.post(self.DETAIL, json=texts)
        answer = BatchDetailAnswer.model_validate_json(response.content, strict=True)
        assert answer.request_id == response.headers["X-Request-ID"]
        assert answer.model.kind == "lexicon"
        assert [result.index for result in answer.results] == [0, 1, 2, 3]
        own = {"prediction", "confidence", "probabilities", "uncertain", "reason"}
        for text, result in zip(texts, response.json()["results"], strict=True):
            alone = client.post(PREDICT, json={"text": text}).json()
            assert {name: result[name] for name in own} == {name: alone[name] for name in own}
        assert len({result["prediction_id"] for result in response.json()["results"]}) == len(texts)

    def test_no_bad_item_spoils_the_others(self, client: TestClient) -> None:
        items = [None, "great", 7, "x" * 10_001, True, ["great"], {"text": "great"}, 1.5, "awful"]
        response = client.post(self.DETAIL, json=items)
        assert response.status_code == 200
        results = response.json()["results"]
        assert [result["index"] for result in results] == list(range(len(items)))
        codes = [result.get("error", {}).get("code") for result in results]
        bad = "not_a_text"
        assert codes == [bad, None, bad, "text_too_long", bad, bad, bad, bad, None]
        assert [results[index]["prediction"] for index in (1, 8)] == ["POSITIVE", "NEGATIVE"]
        assert "10000" in results[3]["error"]["detail"]
        BatchDetailAnswer.model_validate_json(response.content, strict=True)

    @pytest.mark.parametrize(
        "item",
        [
            b'"\\ud83d"',
            b"NaN",
            b"-Infinity",
            b"9" * 10_000,
            b"1e999",
            b'{"a": 1, "a": 2}',
            b'"\\udc00\\ud800"',
        ],
        ids=["surrogate", "nan", "infinity", "digits", "exponent", "twice", "swapped"],
    )
    def test_nor_does_what_json_hardly_allows(self, client: TestClient, item: bytes) -> None:
        response = client.post(self.DETAIL, content=b'["great", ' + item + b', "awful"]')
        assert response.status_code == 200
        first, second, third = response.json()["results"]
        assert (first["prediction"], third["prediction"]) == ("POSITIVE", "NEGATIVE")
        assert second["error"]["code"] in ("not_a_text", "not_unicode")

    def test_an_empty_batch_has_no_results(self, client: TestClient) -> None:
        assert client.post(self.DETAIL, json=[]).json()["results"] == []

    @pytest.mark.parametrize("body", [b"", b"{", b"null", b'"a"', b"{}", b'["\xff"]', b"[" * 100_000])
    def test_what_is_no_list_is_refused(self, client: TestClient, body: bytes) -> None:
        response = client.post(self.DETAIL, content=body)
        assert response.status_code == 422
        assert response.json()["errors"][0]["where"].startswith("body")

    def test_the_limit_on_items_stands(self, client: TestClient) -> None:
        refused = client.post(self.DETAIL, json=[None] * 1_001)
        assert refused.status_code == 422
        assert "1000" in refused.json()["detail"]

    @pytest.mark.parametrize("value", ["false", "False", "0", "no", "off"])
    def test_false_is_as_if_not_given(self, client: TestClient, value: str) -> None:
        assert client.post(f"{BATCH}?detail={value}", json=["great"]).json() == ["POSITIVE"]

    @pytest.mark.parametrize("value", ["true", "True", "1", "yes", "on"])
    def test_true_has_many_spellings(self, client: TestClient, value: str) -> None:
        assert "results" in client.post(f"{BATCH}?detail={value}", json=["great"]).json()

    def test_a_byte_order_mark_is_no_part_of_the_list(self, client: TestClient) -> None:
        answer = client.post(self.DETAIL, content=b'\xef\xbb\xbf["great"]')
        assert answer.json()["results"][0]["prediction"] == "POSITIVE"

    @pytest.mark.parametrize("value", ["", "2", "full", "true "])
    def test_any_other_value_is_refused(self, client: TestClient, value: str) -> None:
        refused = client.post(BATCH, params={"detail": value}, json=["great"])
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["where"] == "query.detail"

    @settings(max_examples=60, deadline=None)
    @given(items=st.recursive(ANY_ITEM, lambda inner: st.lists(inner, max_size=3), max_leaves=8))
    def test_any_items_get_an_answer_each(self, client: TestClient, items: object) -> None:
        response = client.post(self.DETAIL, content=json.dumps(items))
        if isinstance(items, list):
            assert response.status_code == 200
            assert len(response.json()["results"]) == len(items)
        else:
            assert response.status_code == 422


class TestLog:
    """Every answer is written down under the id that it carries."""

    def test_every_way_to_an_answer(self, make_settings: Callable[..., Settings]) -> None:
        changes = make_settings(groups={"privacy": PrivacySettings(keep_texts=True)})
        with TestClient(create_app(changes, registry=MemoryRegistry())) as client:
            given = {
                "one": client.post(PREDICT, json={"text": "one"}).json()["prediction_id"],
                "two": client.get(PREDICT, params={"text": "two"}).json()["prediction_id"],
                "three": client.post(EXPLAIN, json={"text": "three"}).json()["prediction_id"],
                "four": client.post("/predict", json={"text": "four"}).json()["prediction_id"],
            }
            items = client.post(f"{BATCH}?detail=true", json=["five", None, "six"]).json()["results"]
            given |= {"five": items[0]["prediction_id"], "six": items[2]["prediction_id"]}
            client.post(BATCH, json=["seven", "eight"])
            client.post("/", data={"text": "nine"})
            database = client.app_state["services"].records.database
            wait_until(lambda: client.app_state["services"].records.counts.written == 9)
            found = {text: predictions.find(database, UUID(ident)) for text, ident in given.items()}
        assert {text: row and row.text for text, row in found.items()} == {text: text for text in given}
        assert all(
            row and row.latency_seconds >= 0 and row.model_name == "word list" for row in found.values()
        )

    def test_a_loss_is_counted_and_answers_go_on(self, make_settings: Callable[..., Settings]) -> None:
        nowhere = DatabaseSettings(
            url=SecretStr("postgresql+psycopg://nobody@127.0.0.1:9/x?connect_timeout=1")
        )
        app = create_app(make_settings(groups={"database": nowhere}), registry=MemoryRegistry())
        with TestClient(app) as client:
            assert client.post(BATCH, json=["a"] * 7).status_code == 200
            records = client.app_state["services"].records
        assert records.counts.lost == 7


class Gate(LexiconClassifier):
    """A slow kind of classifier: a batch waits until it is let through, a single text does not."""

    def __init__(self) -> None:
        super().__init__()
        self.manifest = replace(self.manifest, kind="skops")
        self.entered = threading.Event()
        self.open = threading.Event()

    def predict(self, text: str) -> Prediction:
        assert threading.current_thread().name.startswith("single")
        return super().predict_many([text])[0]

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        assert threading.current_thread().name.startswith("batch")
        self.entered.set()
        assert self.open.wait(60)
        return super().predict_many(texts)


class TestHeavyWork:
    """While threads are at work the loop answers; what they cannot take is refused at once."""

    def test_the_loop_stays_free_and_one_too_many_is_told_when_to_come_back(
        self, make_settings: Callable[..., Settings]
    ) -> None:
        gate = Gate()
        app = create_app(make_settings(batch_threads=1, batch_queue=1), registry=MemoryRegistry())
        with TestClient(app) as client, ThreadPoolExecutor() as crowd:
            client.app_state["services"].store.fallback = ServedModel(gate, "slow")
            try:
                first = crowd.submit(client.post, BATCH, json=["great"] * 200)
                assert gate.entered.wait(60)
                # A single text passes the batch. There is room for one of two more batches.
                assert client.post(PREDICT, json={"text": "awful"}).json()["prediction"] == "NEGATIVE"
                asked = [crowd.submit(client.post, BATCH, json=["awful"]) for _ in range(2)]
                done, waiting = wait(asked, timeout=60, return_when=FIRST_COMPLETED)
                (refused,) = (answer.result() for answer in done)
                assert (refused.status_code, refused.json()["code"]) == (503, "serving_busy")
                assert refused.headers["Retry-After"] == "1"
                assert client.get("/health").json() == {"status": "ok"}
            finally:
                gate.open.set()
            assert first.result(60).json() == ["POSITIVE"] * 200
            assert [answer.result(60).json() for answer in waiting] == [["NEGATIVE"]]
            assert client.post(BATCH, json=["great"]).status_code == 200


class TestWhoMayAsk:
    def test_with_the_setting_on_it_takes_a_key(self, make_settings: Callable[..., Settings]) -> None:
        key = "a-key-of-the-admin-for-tests-9876543210"
        security = SecuritySettings(
            trusted_hosts="testserver", admin_key=SecretStr(key), predict_needs_key=True
        )
        app = create_app(make_settings(groups={"security": security}), registry=MemoryRegistry())
        ways: list[tuple[str, str, dict[str, Any]]] = [
            ("GET", PREDICT, {"params": {"text": "x"}}),
            ("POST", PREDICT, {"json": {"text": "x"}}),
            ("POST", EXPLAIN, {"json": {"text": "x"}}),
            ("POST", BATCH, {"json": ["x"]}),
            ("POST", f"{BATCH}?detail=true", {"json": ["x"]}),
            ("POST", "/predict", {"json": {"text": "x"}}),
        ]
        with TestClient(app) as client:
            for method, address, sent in ways:
                refused = client.request(method, address, **sent)
                assert (refused.status_code, refused.json()["code"]) == (401, "login_needed"), address
                allowed = client.request(method, address, headers={"X-API-Key": key}, **sent)
                assert allowed.status_code == 200, address


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
        assert [word["level"] for word in words if word["strength"] == 1] == [3]

    def test_words_are_listed_once_with_the_sum_of_their_weights(self, client: TestClient) -> None:
        answer = client.post(EXPLAIN, json={"text": "Great food, great view, awful service"}).json()
        listed = answer["strongest_words"]
        assert [(word["text"], word["toward"], word["times"]) for word in listed] == [
            ("Great", "POSITIVE", 2),
            ("awful", "NEGATIVE", 1),
        ]
        for word in listed:
            weights = [
                one["weight"] for one in answer["words"] if one["text"].lower() == word["text"].lower()
            ]
            assert math.isclose(word["weight"], sum(weights))
        assert (listed[0]["share"], listed[1]["share"]) == (
            1,
            pytest.approx(listed[1]["weight"] / listed[0]["weight"]),
        )

    def test_many_contributions_are_summed_up_and_still_add_up(
        self, promoted_client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("opinionlens.web.api.answers.LISTED_CONTRIBUTIONS", 1)
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
        for address in (PREDICT, EXPLAIN, "/predict"):
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
        for address in (PREDICT, BATCH, f"{BATCH}?detail=true", EXPLAIN, "/predict"):
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
