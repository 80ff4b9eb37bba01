"""The app with `API__MODEL_PATH`: what its answers, pages and metrics say of a model without a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import create_engine, text
from starlette.testclient import TestClient
from tests.support.waiting import wait_until
from tests.support.web_app import wait_until_recording

from opinionlens.registry import MemoryRegistry
from opinionlens.web.api.models.schemas import ModelAnswer, ModelCardAnswer, ModelsStatusAnswer
from opinionlens.web.factory import create_app
from opinionlens.web.http.schemas import About, Readiness

MODELS = "/api/v1/models"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "given"


@pytest.fixture
def digest(folder: Path, write_word_model: Callable[..., str]) -> str:
    return write_word_model(folder, {"great": 3.0})


@pytest.fixture
def client(
    make_settings: Callable[..., Any],
    promoted: MemoryRegistry,
    folder: Path,
    digest: str,
    admin_key: str,
    wait_until_loaded: Callable[[TestClient], None],
) -> Iterator[TestClient]:
    """An administrator of an app that serves a folder, beside a registry with a champion."""
    settings = make_settings(model_path=folder, follow_champion=True)
    with TestClient(create_app(settings, registry=promoted)) as client:
        client.headers["X-API-Key"] = admin_key
        client.database = settings.database.url.get_secret_value()
        wait_until_loaded(client)
        wait_until_recording(client)
        yield client


def test_every_answer_names_the_start_of_the_digest(client: TestClient, digest: str) -> None:
    model = {"name": "opinionlens", "version": digest[:12], "kind": "linear"}
    answer = client.post("/api/v1/inference/predict", json={"text": "great"}).json()
    assert (answer["prediction"], answer["model"]) == ("POSITIVE", model)
    ready = client.get("/ready")
    assert ready.status_code == 200
    assert TypeAdapter(Readiness).validate_json(ready.content).model_dump()["model"] == model
    assert (
        TypeAdapter(About).validate_json(client.get("/api/v1/about").content).model_dump()["model"] == model
    )
    older = client.get("/model").json()
    assert (older["model_id"], older["latest_model_file"]) == (f"opinionlens-{digest[:12]}", digest)
    assert f"opinionlens version {digest[:12]}" in client.get("/").text


def test_metrics_and_the_prediction_log_tell_it_from_the_word_list(client: TestClient, digest: str) -> None:
    client.post("/api/v1/inference/predict", json={"text": "great"})
    lines = client.get("/metrics").text.splitlines()
    assert f'model_active_info{{kind="linear",model="opinionlens",version="{digest[:12]}"}} 1.0' in lines
    assert not [line for line in lines if line.startswith("registry_up ")]  # it was not asked

    def rows() -> list[Any]:
        with closing(create_engine(client.database).connect()) as connection:
            return list(connection.execute(text("SELECT model_name, model_version FROM predictions")))

    wait_until(rows, what="the row is written")
    assert rows() == [(f"opinionlens@{digest[:12]}", None)]


def test_the_status_says_that_a_folder_answers(client: TestClient, digest: str) -> None:
    answer = client.get(f"{MODELS}/status")
    status = TypeAdapter(ModelsStatusAnswer).validate_json(answer.content)
    assert status.from_folder
    assert not status.following
    assert (status.deployment, status.problems) == (None, [])
    assert status.active is not None
    assert (status.active.model_version, status.active.is_active) == (digest[:12], True)


def test_list_and_card_describe_it(client: TestClient, digest: str) -> None:
    (model,) = TypeAdapter(list[ModelAnswer]).validate_json(client.get(f"{MODELS}/").content)
    assert (model.digest, model.kind, model.status) == (digest, "linear", "active")
    assert model.size_bytes
    assert model.loaded_at
    card = client.get(f"{MODELS}/{model.model_id}/card")
    assert TypeAdapter(ModelCardAnswer).validate_json(card.content).digest == digest
    tried = client.post(f"{MODELS}/{model.model_id}/try", json={"text": "great"}).json()
    assert tried["prediction"] == "POSITIVE"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{MODELS}/", {"model_name": "opinionlens", "model_version": 1, "set_default": True}),
        ("POST", f"{MODELS}/opinionlens-1/activate", {"why": "better"}),
        ("POST", f"{MODELS}/rollback", {"why": "worse"}),
        ("POST", f"{MODELS}/follow", {"why": "registry"}),
    ],
)
def test_a_change_is_refused_with_the_reason(
    client: TestClient, digest: str, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "model_is_from_folder")
    assert "API__MODEL_PATH" in answer.json()["detail"]
    assert client.get("/model").json()["latest_model_file"] == digest
    assert client.get(f"{MODELS}/history").json()["total"] == 0


def test_the_registry_can_be_listed_and_fetched_from(client: TestClient) -> None:
    assert client.get(f"{MODELS}/registry").json()["total"] == 1
    body = {"model_name": "opinionlens", "model_version": 1}
    assert client.post(f"{MODELS}/", json=body).status_code == 201
    assert [model["is_active"] for model in client.get(f"{MODELS}/").json()] == [True, False]


def test_a_registry_that_is_away_is_no_problem_of_the_app(
    make_settings: Callable[..., Any],
    folder: Path,
    digest: str,
    admin_key: str,
    wait_until_loaded: Callable[[TestClient], None],
) -> None:
    away = MemoryRegistry()
    away.reachable = False
    with TestClient(create_app(make_settings(model_path=folder), registry=away)) as client:
        client.headers["X-API-Key"] = admin_key
        wait_until_loaded(client)
        assert client.get(f"{MODELS}/registry").status_code == 503
        status = client.get(f"{MODELS}/status").json()
        assert (status["registry_problem"], status["problems"]) == (None, [])
        assert "\nregistry_up " not in client.get("/metrics").text


def test_a_broken_folder_is_a_503_with_the_reason_while_the_word_list_answers(
    make_settings: Callable[..., Any], promoted: MemoryRegistry, folder: Path
) -> None:
    with TestClient(create_app(make_settings(model_path=folder), registry=promoted)) as client:
        wait_until(lambda: client.get("/ready").json()["problem"], what="the folder was looked at")
        answer = client.get("/ready")
        assert answer.status_code == 503
        assert "API__MODEL_PATH" in answer.json()["problem"]
        predicted = client.post("/api/v1/inference/predict", json={"text": "I love it"}).json()
        assert predicted["model"] == {"name": "word list", "version": None, "kind": "lexicon"}
