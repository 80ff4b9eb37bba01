"""The older addresses: its words and shapes, with today's models behind them."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.testclient import TestClient

from opinionlens.base.setting_groups import Fallback
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.web.factory import create_app
from opinionlens.web.http.schemas import ActiveModelAnswer, Problem, Scores, SentimentAnswer


def predicted(client: TestClient, text: str) -> SentimentAnswer:
    response = client.post("/predict", json={"text": text})
    assert response.status_code == 200
    answer = SentimentAnswer.model_validate_json(response.content, strict=True)
    assert answer.request_id == response.headers["X-Request-ID"]
    return answer


class TestPredict:
    @pytest.mark.parametrize(
        ("text", "label"), [("great", "positive"), ("awful", "negative"), ("so it is, here we go", "neutral")]
    )
    def test_labels_are_in_lower_case(self, promoted_client: TestClient, text: str, label: str) -> None:
        answer = predicted(promoted_client, text)
        assert answer.label == label
        assert answer.confidence == answer.score == getattr(answer.scores, label)
        assert (answer.model.name, answer.model.version) == ("opinionlens", 1)

    @settings(max_examples=60, deadline=None)
    @given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100))
    def test_scores_add_up_to_one_for_any_text(self, promoted_client: TestClient, text: str) -> None:
        scores = predicted(promoted_client, text).scores
        assert math.isclose(scores.negative + scores.neutral + scores.positive, 1, abs_tol=1e-9)

    def test_scores_that_do_not_add_up_are_no_answer(self) -> None:
        with pytest.raises(ValidationError, match="add up"):
            Scores(negative=0.5, neutral=0.5, positive=0.5)

    def test_the_word_list_says_that_it_is_one(self, client: TestClient) -> None:
        answer = predicted(client, "I love it")
        assert answer.label == "positive"
        assert (answer.model.kind, answer.model.version) == ("lexicon", None)

    @pytest.mark.parametrize("body", [{"text": ""}, {"text": "x" * 10_001}, {"text": None}, {}, []])
    def test_what_is_no_text_is_refused(self, client: TestClient, body: object) -> None:
        response = client.post("/predict", json=body)
        assert response.status_code == 422
        assert Problem.model_validate_json(response.content).code == "invalid_request"

    def test_the_longest_text_is_answered(self, client: TestClient) -> None:
        assert predicted(client, "😀" * 10_000).label == "positive"

    def test_with_nothing_to_answer_it_is_503(self, make_settings: Callable[..., Settings]) -> None:
        app = create_app(make_settings(fallback=Fallback.NONE), registry=MemoryRegistry())
        with TestClient(app) as client:
            assert client.post("/predict", json={"text": "x"}).status_code == 503
            nothing = client.get("/model").json()
        assert nothing == {
            "model_loaded": False,
            "model_id": None,
            "latest_model_file": None,
            "model": None,
        }


class TestModel:
    def test_a_trained_model_is_named_with_its_file(
        self, promoted_client: TestClient, promoted: MemoryRegistry
    ) -> None:
        answer = ActiveModelAnswer.model_validate_json(promoted_client.get("/model").content)
        assert (answer.model_loaded, answer.model_id) == (True, "opinionlens-1")
        assert answer.latest_model_file == promoted.version("opinionlens", 1).digest

    def test_the_word_list_is_no_loaded_model(self, client: TestClient) -> None:
        answer = client.get("/model").json()
        assert answer["model_loaded"] is False
        assert answer["model_id"] is answer["latest_model_file"] is None
        assert answer["model"]["kind"] == "lexicon"
