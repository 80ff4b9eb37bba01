"""`/api/v1/models` as programs and pages see it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient
from tests.support.waiting import wait_until

from opinionlens.registry import MemoryRegistry
from opinionlens.registry.port import BYTES_TAG, CHAMPION, EVALS_TAG
from opinionlens.web.api.models import fetch_routes as fetches
from opinionlens.web.api.models.schemas import (
    BriefModelAnswer,
    DeploymentAnswer,
    FetchAnswer,
    HistoryAnswer,
    ModelAnswer,
    ModelCardAnswer,
    ModelsStatusAnswer,
    RegisteredPageAnswer,
)
from opinionlens.web.factory import create_app
from opinionlens.web.http.schemas import ExplanationAnswer, Problem

MODELS = "/api/v1/models"
EVALS = {
    "slices": {"short_text": {"macro_f1": 0.7, "n": 40}},
    "sources": {"brand_tweets": {"macro_f1": 0.75}},
    "behaviour": {"negation_flips_praise": 1.0},
    "hard_behaviour": {"negation_flips_complaints": 0.875},
    "everyday": {
        "all": {
            "n": 200,
            "accuracy": 0.835,
            "accuracy_low": 0.777,
            "accuracy_high": 0.88,
            "sure_and_wrong": 0,
            "ece": 0.2,
            "uncertain": 0.27,
            "error_when_sure": 0.09,
        },
        "negation": {"n": 10, "accuracy": 0.8},
    },
    "lengths": {
        "at_most_32_tokens": {"n": 6870, "accuracy": 0.77, "ece": 0.016},
        "over_400_tokens": {"n": 0},
    },
    "other_kinds": {
        "imdb": {"n": 5000, "macro_f1": 0.773, "vader_macro_f1": 0.69, "ece": 0.033, "uncertain": 0.05},
        "amazon_food": {"n": 0},
    },
}


@pytest.fixture
def registry(write_word_model: Callable[..., str], tmp_path: Path) -> MemoryRegistry:
    """Three versions and a foreign one; the first is champion."""
    registry = MemoryRegistry()
    for weight in (3.0, -3.0, 2.0):
        digest = write_word_model(tmp_path / "made", {"great": weight}, run_id="run-7")
        size = sum(path.stat().st_size for path in (tmp_path / "made").iterdir())
        registry.register(
            "opinionlens",
            tmp_path / "made",
            digest=digest,
            run_id=None,
            tags={BYTES_TAG: str(size), EVALS_TAG: json.dumps(EVALS), "git_commit": "abc"},
            scores={"test_f1_score": 0.75, "test_accuracy": 0.8},
        )
    registry.add_foreign("opinionlens")
    registry.add_model("empty")
    registry.set_alias("opinionlens", CHAMPION, 1)
    return registry


@pytest.fixture
def client(
    make_settings: Callable[..., Any],
    registry: MemoryRegistry,
    admin_key: str,
    wait_until_loaded: Callable[[TestClient], None],
) -> Iterator[TestClient]:
    """An administrator; version 1 is active and recorded."""
    with TestClient(create_app(make_settings(), registry=registry)) as client:
        client.headers["X-API-Key"] = admin_key
        wait_until_loaded(client)
        wait_until(lambda: client.get(f"{MODELS}/history").json().get("total") == 1)
        yield client


def fetch(client: TestClient, number: int, **more: Any) -> Mapping[str, Any]:
    answer = client.post(f"{MODELS}/", json={"model_name": "opinionlens", "model_version": number, **more})
    assert answer.status_code == 201, answer.text
    return TypeAdapter(ModelAnswer).validate_json(answer.content).model_dump()


def problem_of(answer: Any, status: int) -> Problem:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return Problem.model_validate_json(answer.content)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", "/"),
        ("DELETE", "/?model_id=opinionlens-1"),
        ("GET", "/status"),
        ("GET", "/history"),
        ("GET", "/registry"),
        ("GET", "/fetches/"),
        ("GET", "/fetches/x"),
        ("GET", "/fetches/x/events"),
        ("POST", "/rollback"),
        ("POST", "/follow"),
        ("GET", "/opinionlens-1"),
        ("DELETE", "/opinionlens-1"),
        ("GET", "/opinionlens-1/card"),
        ("POST", "/opinionlens-1/activate"),
        ("POST", "/opinionlens-1/try"),
    ],
)
def test_nothing_is_open(promoted_client: TestClient, method: str, path: str) -> None:
    answer = promoted_client.request(method, MODELS + path, json={"why": "x"} if method == "POST" else None)
    assert problem_of(answer, 401).code == "login_needed"


def test_a_fetch_waits_and_lists_the_version(client: TestClient) -> None:
    fetched = fetch(client, 2)
    assert (fetched["model_id"], fetched["status"], fetched["is_active"]) == (
        "opinionlens-2",
        "inactive",
        False,
    )
    assert fetched["scores"] == {"accuracy": 0.8, "macro_f1": 0.75}
    assert fetched["training"] == {
        "family": "by hand",
        "sources": [],
        "rows": 0,
        "git_commit": "abc",
        "run_id": "run-7",
    }
    listed = TypeAdapter(list[ModelAnswer]).validate_json(client.get(f"{MODELS}/").content)
    assert [(one.model_id, one.status) for one in listed] == [
        ("opinionlens-2", "inactive"),
        ("opinionlens-1", "active"),
    ]
    assert all(one.size_bytes and one.created and one.loaded_at for one in listed)
    one = client.get(f"{MODELS}/opinionlens-2")
    assert one.json() == fetched


def test_the_list_takes_the_parameters_of_the_first_system(client: TestClient) -> None:
    fetch(client, 2)
    brief = TypeAdapter(list[BriefModelAnswer]).validate_json(client.get(f"{MODELS}/?brief=true").content)
    assert [(one.model_id, one.is_active) for one in brief] == [
        ("opinionlens-2", False),
        ("opinionlens-1", True),
    ]
    (one,) = client.get(f"{MODELS}/?model_id=opinionlens-1").json()
    assert one["model_version"] == 1
    for path in ("/?model_id=opinionlens-3", "/opinionlens-3", "/nothing", "/opinionlens-3/card"):
        assert problem_of(client.get(MODELS + path), 404).code == "model_not_loaded"


def test_set_default_activates_in_one_go(client: TestClient) -> None:
    assert fetch(client, 2, set_default=True)["status"] == "active"
    answer = client.post("/api/v1/inference/predict", json={"text": "great"}).json()
    assert (answer["prediction"], answer["model"]["version"]) == ("NEGATIVE", 2)
    row = HistoryAnswer.model_validate_json(client.get(f"{MODELS}/history").content).deployments[0]
    assert (row.why, row.by, row.cause, row.previous) == (
        "fetched and set active",
        "admin key",
        "activation",
        "opinionlens-1",
    )


def test_without_waiting_there_is_a_place_to_look_and_to_listen(client: TestClient) -> None:
    order = {"model_name": "opinionlens", "model_version": 3, "set_default": True, "why": "short texts"}
    answer = client.post(f"{MODELS}/?wait=false", json=order)
    begun = FetchAnswer.model_validate_json(answer.content)
    assert (answer.status_code, answer.headers["location"]) == (202, f"{MODELS}/fetches/{begun.fetch_id}")
    with client.stream("GET", f"{answer.headers['location']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in stream.iter_lines() if line]  # it ends by itself
    assert set(lines[::2]) == {"event: progress"}
    told = [FetchAnswer.model_validate_json(line.removeprefix("data: ")) for line in lines[1::2]]
    assert (told[-1].state, told[-1].bytes_done, told[-1].problem) == ("done", told[-1].bytes_total, None)
    assert client.get(answer.headers["location"]).json() == json.loads(told[-1].model_dump_json())
    assert client.get(f"{MODELS}/fetches/").json()[0]["fetch_id"] == begun.fetch_id
    assert client.get(f"{MODELS}/history").json()["deployments"][0]["why"] == "short texts"


def test_an_unknown_fetch_is_not_found(client: TestClient) -> None:
    for path in ("/fetches/x", "/fetches/x/events", "/fetches/..%2Flast_good"):
        assert client.get(MODELS + path).status_code == 404


def test_streams_are_bounded_and_given_back(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch(client, 2)
    fetch_id = client.get(f"{MODELS}/fetches/").json()[0]["fetch_id"]
    for _ in range(3):
        assert client.get(f"{MODELS}/fetches/{fetch_id}/events").status_code == 200
    assert client.app_state["services"].lifecycle.streams == set()
    monkeypatch.setattr(fetches, "MAX_STREAMS", 0)
    assert problem_of(client.get(f"{MODELS}/fetches/{fetch_id}/events"), 503).code == "serving_busy"


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [(9, 404, "no version 9"), (4, 422, "pickle"), (0, 422, "greater than or equal to 1")],
)
def test_a_fetch_that_cannot_be_is_answered_with_the_reason(
    client: TestClient, number: int, status: int, words: str
) -> None:
    order = {"model_name": "opinionlens", "model_version": number}
    assert words in problem_of(client.post(f"{MODELS}/", json=order), status).detail


def test_activation_is_compare_and_set(client: TestClient) -> None:
    fetch(client, 2)
    answer = client.post(f"{MODELS}/opinionlens-2/activate", json={"why": " Better. ", "expected": 1})
    row = DeploymentAnswer.model_validate_json(answer.content)
    assert (row.number, row.why, row.model_id, row.previous) == (
        2,
        "Better.",
        "opinionlens-2",
        "opinionlens-1",
    )
    late = client.post(f"{MODELS}/opinionlens-1/activate", json={"why": "No.", "expected": 1})
    assert problem_of(late, 409).code == "deployment_conflict"
    missing = client.post(f"{MODELS}/opinionlens-3/activate", json={"why": "No."})
    assert problem_of(missing, 404).code == "model_not_loaded"


@pytest.mark.parametrize(
    "body", [{}, {"why": ""}, {"why": "  "}, {"why": "x" * 501}, {"why": "a\0b"}, {"why": "x", "odd": 1}]
)
def test_a_reason_is_asked_for(client: TestClient, body: dict[str, Any]) -> None:
    problem_of(client.post(f"{MODELS}/opinionlens-1/activate", json=body), 422)
    problem_of(client.post(f"{MODELS}/rollback", json=body), 422)


def test_rolling_back_and_the_history_in_pages(client: TestClient) -> None:
    problem_of(client.post(f"{MODELS}/rollback", json={"why": "bad"}), 409)
    fetch(client, 2, set_default=True)
    row = DeploymentAnswer.model_validate_json(client.post(f"{MODELS}/rollback", json={"why": "bad"}).content)
    assert (row.cause, row.model_id, row.restores, row.number) == ("rollback", "opinionlens-1", 1, 3)
    page = HistoryAnswer.model_validate_json(client.get(f"{MODELS}/history?limit=2").content)
    assert ([one.number for one in page.deployments], page.total, page.next_before) == ([3, 2], 3, 2)
    rest = HistoryAnswer.model_validate_json(client.get(f"{MODELS}/history?limit=2&before=2").content)
    assert ([one.number for one in rest.deployments], rest.next_before) == ([1], None)


def test_deleting_spares_what_is_active(client: TestClient) -> None:
    fetch(client, 2)
    fetch(client, 3)
    assert problem_of(client.delete(f"{MODELS}/opinionlens-1"), 409).code == "model_is_active"
    assert problem_of(client.delete(f"{MODELS}/?model_id=opinionlens-1"), 409).code == "model_is_active"
    assert client.delete(f"{MODELS}/opinionlens-2").status_code == 204
    assert client.delete(f"{MODELS}/?model_id=opinionlens-3").status_code == 204
    assert [one["model_id"] for one in client.get(f"{MODELS}/?brief=true").json()] == ["opinionlens-1"]
    problem_of(client.delete(f"{MODELS}/opinionlens-2"), 404)


def test_the_registry_lists_every_version(client: TestClient, registry: MemoryRegistry) -> None:
    fetch(client, 2)
    page = RegisteredPageAnswer.model_validate_json(client.get(f"{MODELS}/registry").content)
    assert [(one.model_version, one.servable, one.is_loaded, one.is_active) for one in page.versions] == [
        (4, False, False, False),
        (3, True, False, False),
        (2, True, True, False),
        (1, True, True, True),
    ]
    assert "dvc repro tune_sklearn" in str(page.versions[0].why_not_servable)
    assert page.versions[3].aliases == ["champion"]
    assert page.versions[3].scores == {"accuracy": 0.8, "macro_f1": 0.75}
    part = client.get(f"{MODELS}/registry?limit=2&offset=1&name=OPINION").json()
    assert ([one["model_version"] for one in part["versions"]], part["total"]) == ([3, 2], 4)
    assert client.get(f"{MODELS}/registry?name=nothing").json()["total"] == 0


def test_the_registry_away_is_said_and_the_rest_goes_on(client: TestClient, registry: MemoryRegistry) -> None:
    fetch(client, 2)
    registry.reachable = False
    assert problem_of(client.get(f"{MODELS}/registry"), 503).code == "registry_unavailable"
    order = {"model_name": "opinionlens", "model_version": 3}
    assert problem_of(client.post(f"{MODELS}/", json=order), 503).code == "registry_unavailable"
    assert client.post(f"{MODELS}/opinionlens-2/activate", json={"why": "it works"}).status_code == 200
    status = ModelsStatusAnswer.model_validate_json(client.get(f"{MODELS}/status").content)
    assert status.registry_problem is not None
    assert status.active is not None
    assert status.active.model_id == "opinionlens-2"


def test_the_status_tells_who_is_followed(client: TestClient) -> None:
    status = ModelsStatusAnswer.model_validate_json(client.get(f"{MODELS}/status").content)
    assert status.deployment is not None
    assert (status.deployment.by, status.following) == ("champion", True)
    assert (status.problems, status.registry_problem, status.database_problem) == ([], None, None)
    fetch(client, 2, set_default=True)
    assert client.get(f"{MODELS}/status").json()["following"] is False
    row = client.post(f"{MODELS}/follow", json={"why": "enough"}).json()
    assert (row["cause"], row["by"], row["model_id"]) == ("champion", "admin key", "opinionlens-1")
    assert client.get(f"{MODELS}/status").json()["following"] is True


def test_a_version_is_tried_before_it_answers(client: TestClient) -> None:
    fetch(client, 2)
    answer = client.post(f"{MODELS}/opinionlens-2/try", json={"text": "great"})
    tried = ExplanationAnswer.model_validate_json(answer.content)
    assert (tried.prediction, tried.model.version, tried.words[0].text) == ("NEGATIVE", 2, "great")
    usual = client.post("/api/v1/inference/predict", json={"text": "great"}).json()
    assert usual["model"]["version"] == 1
    problem_of(client.post(f"{MODELS}/opinionlens-2/try", json={"text": "x" * 10_001}), 422)
    problem_of(client.post(f"{MODELS}/opinionlens-3/try", json={"text": "x"}), 404)


def test_the_card_names_the_licences_of_the_sources(
    client: TestClient, registry: MemoryRegistry, write_word_model: Callable[..., str], tmp_path: Path
) -> None:
    sources = ("airline_tweets", "amazon_food", "tickets")
    digest = write_word_model(tmp_path / "made", {"great": 1.0}, sources=sources)
    registry.register("opinionlens", tmp_path / "made", digest=digest, run_id=None, tags={}, scores={})
    fetch(client, 5)
    card = ModelCardAnswer.model_validate_json(client.get(f"{MODELS}/opinionlens-5/card").content)
    assert [(each.source, each.licence, each.commercial_use) for each in card.licences] == [
        ("airline_tweets", "CC BY-NC-SA 4.0", "forbidden"),
        ("amazon_food", "CC0 (Kaggle edition)", "allowed"),
        ("tickets", "Yours", "not_stated"),
    ]
    assert card.not_trained_on is not None
    assert card.not_trained_on.startswith("Beside what your own files hold (tickets), it was not trained on ")
    assert card.licence_warning is not None
    assert "may not be used commercially (airline_tweets)" in card.licence_warning
    other = client.get(f"{MODELS}/opinionlens-1/card").json()
    assert (other["licences"], other["licence_warning"]) == ([], None)


def test_the_card_tells_of_other_word_lists(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get(f"{MODELS}/opinionlens-1/card").json()["other_word_lists"] is False
    monkeypatch.setattr("opinionlens.web.api.models.answers.text_rules_digest", lambda: "0" * 64)
    assert client.get(f"{MODELS}/opinionlens-1/card").json()["other_word_lists"] is True


def test_the_card_tells_all(client: TestClient) -> None:
    card = ModelCardAnswer.model_validate_json(client.get(f"{MODELS}/opinionlens-1/card").content)
    assert card.slices == EVALS["slices"]
    assert card.sources == EVALS["sources"]
    assert card.behaviour == {"negation_flips_praise": 1.0}
    assert card.watched_behaviour == {"negation_flips_complaints": 0.875}
    assert card.everyday["all"]["accuracy_low"] == 0.777
    assert card.everyday["negation"] == {"n": 10, "accuracy": 0.8}
    assert card.lengths == EVALS["lengths"]
    assert card.other_kinds == EVALS["other_kinds"]
    assert card.not_trained_on is None
    assert card.limits.max_text_chars == 10_000
    assert card.manifest is not None
    assert card.manifest["uncertainty"]["min_confidence"] == 0.5
    assert card.manifest["calibration"]["method"] == "none"
    assert card.manifest["features"]["recipe"]["name"] == "plain-v1"
    assert "self_test" not in card.manifest
