"""What the service says about itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from opinionlens.base.errors import SettingsInvalid
from opinionlens.base.setting_groups import Fallback
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry, Version
from opinionlens.web.factory import create_app
from opinionlens.web.http.schemas import About, Readiness

MakeSettings = Callable[..., Settings]


def test_it_greets_and_is_healthy(client: TestClient) -> None:
    assert client.get("/api/v1/").json() == {"message": "Welcome to OpinionLens!"}
    assert client.get("/health").json() == {"status": "ok"}


def test_about_names_version_and_model(promoted_client: TestClient) -> None:
    about = About.model_validate_json(promoted_client.get("/api/v1/about").content)
    assert about.version == version("opinionlens")
    assert about.model is not None
    assert about.model.model_dump() == {"name": "opinionlens", "version": 1, "kind": "linear"}


class TestReady:
    def test_yes_with_a_trained_model(self, promoted_client: TestClient) -> None:
        response = promoted_client.get("/ready")
        ready = Readiness.model_validate_json(response.content)
        assert (response.status_code, ready.status, ready.model_loaded) == (200, "ready", True)
        assert ready.problem is None

    def test_no_while_only_the_word_list_answers_and_why(self, client: TestClient) -> None:
        response = client.get("/ready")
        ready = Readiness.model_validate_json(response.content)
        assert (response.status_code, ready.status) == (503, "not_ready")
        assert (ready.model_loaded, ready.fallback_available) == (False, True)
        assert "no model 'opinionlens'" in problem_of(client)

    def test_yes_with_the_word_list_where_that_is_enough(self, make_settings: MakeSettings) -> None:
        app = create_app(make_settings(ready_on_fallback=True), registry=MemoryRegistry())
        with TestClient(app) as client:
            assert client.get("/ready").status_code == 200

    def test_no_without_anything_even_where_the_word_list_would_be_enough(
        self, make_settings: MakeSettings
    ) -> None:
        settings = make_settings(ready_on_fallback=True, fallback=Fallback.NONE)
        with TestClient(create_app(settings, registry=MemoryRegistry())) as client:
            ready = client.get("/ready")
            assert (ready.status_code, ready.json()["model"]) == (503, None)


class TestStart:
    def test_a_registry_that_hangs_holds_nothing_up(self, make_settings: MakeSettings) -> None:
        answers = threading.Event()

        class Hanging(MemoryRegistry):
            def by_alias(self, name: str, alias: str) -> Version:
                answers.wait(60)
                return super().by_alias(name, alias)

        with TestClient(create_app(make_settings(), registry=Hanging())) as client:
            assert client.get("/health").status_code == 200
            assert client.post("/api/v1/inference/predict", json={"text": "hi"}).status_code == 200
            assert not answers.is_set()
            answers.set()

    def test_the_last_good_model_answers_with_the_registry_away(
        self,
        make_settings: MakeSettings,
        promoted: MemoryRegistry,
        wait_until_loaded: Callable[[TestClient], None],
        tmp_path: Path,
    ) -> None:
        settings = make_settings(saved_model_path=tmp_path / "models")
        with TestClient(create_app(settings, registry=promoted)) as client:
            wait_until_loaded(client)
        away = MemoryRegistry()
        away.reachable = False
        with TestClient(create_app(settings, registry=away)) as client:
            wait_until_loaded(client)
            answer = client.post("/api/v1/inference/predict", json={"text": "great"}).json()
            assert (answer["prediction"], answer["model"]["version"]) == ("POSITIVE", 1)
            assert "does not answer" in problem_of(client)

    def test_what_the_caller_opened_is_closed_at_the_end(self, make_settings: MakeSettings) -> None:
        closed: list[bool] = []
        app = create_app(make_settings(), registry=MemoryRegistry(), close=lambda: closed.append(True))
        with TestClient(app):
            assert closed == []
        assert closed == [True]

    @pytest.mark.parametrize("name", ["static_path", "templates_path"])
    def test_missing_folders_are_named_at_once(
        self, make_settings: MakeSettings, name: str, tmp_path: Path
    ) -> None:
        with pytest.raises(SettingsInvalid) as refusal:
            create_app(make_settings(**{name: tmp_path / "gone"}), registry=MemoryRegistry())
        assert f"API__{name.upper()}" in str(refusal.value)


def problem_of(client: TestClient) -> str:
    """The reason that `/ready` gives once the registry has been asked."""
    for _ in range(500):
        problem = client.get("/ready").json()["problem"]
        if problem is not None:
            return str(problem)
        time.sleep(0.01)
    return ""


class TestMetrics:
    @pytest.mark.parametrize("address", ["/metrics", "/api/v1/metrics"])
    def test_both_addresses_answer_without_a_detour(self, client: TestClient, address: str) -> None:
        response = client.get(address, follow_redirects=False)
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/plain")

    def test_answers_are_counted_under_the_names_of_the_first_system(
        self, make_settings: MakeSettings
    ) -> None:
        with TestClient(create_app(make_settings(), registry=MemoryRegistry())) as client:
            client.post("/api/v1/inference/predict", json={"text": "I love it"})
            client.post("/api/v1/inference/batch_predict", json=["I hate it", "I love it"])
            client.post("/api/v1/inference/batch_predict", json=[])
            text = client.get("/metrics").text
        lines = set(text.splitlines())
        assert 'predicted_sentiment_total{label="POSITIVE"} 2.0' in lines
        assert 'predicted_sentiment_total{label="NEGATIVE"} 1.0' in lines
        assert 'predicted_sentiment_total{label="NEUTRAL"} 0.0' in lines
        assert 'input_text_length_chars_sum{endpoint="/predict"} 9.0' in lines
        assert 'input_text_length_chars_count{endpoint="/batch_predict"} 2.0' in lines
        assert 'batch_size_text_sum{endpoint="/batch_predict"} 2.0' in lines
        assert 'batch_size_text_count{endpoint="/batch_predict"} 2.0' in lines
        labels = 'model_class="LexiconClassifier"'
        assert f'model_inference_time_seconds_count{{endpoint="/predict",{labels}}} 1.0' in lines
        per_item = "batch_inference_time_per_item_seconds_count"
        assert f'{per_item}{{endpoint="/batch_predict",{labels}}} 1.0' in lines

    def test_they_hold_nothing_that_was_sent(self, client: TestClient) -> None:
        client.post("/api/v1/inference/predict", json={"text": "xylophonic"})
        client.get("/xylophonic")
        assert "xylophonic" not in client.get("/metrics").text
