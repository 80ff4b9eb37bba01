"""Two versions on the same texts: what differs is marked, and nothing is logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient
from tests.support.web_app import wait_until_recording

from opinionlens.registry import MemoryRegistry
from opinionlens.registry.port import CHAMPION
from opinionlens.web.api.models.trial_schemas import TrialAnswer
from opinionlens.web.factory import create_app
from opinionlens.web.http.schemas import ExplanationAnswer

TRY = "/api/v1/models/try"
FIRST, SECOND = "opinionlens-1", "opinionlens-2"


@pytest.fixture(scope="module")
def client(
    make_settings: Callable[..., Any],
    write_word_model: Callable[..., str],
    admin_key: str,
    wait_until_loaded: Callable[[TestClient], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[TestClient]:
    """An administrator; of two loaded versions the first is active, and the second reads "late" otherwise."""
    registry, made = MemoryRegistry(), tmp_path_factory.mktemp("made") / "model"
    for words in ({"great": 3.0, "late": -3.0}, {"great": 3.0, "late": 2.0, "fine": 3.0}):
        digest = write_word_model(made, words)
        registry.register("opinionlens", made, digest=digest, run_id=None, tags={}, scores={})
    registry.set_alias("opinionlens", CHAMPION, 1)
    with TestClient(create_app(make_settings(), registry=registry)) as client:
        client.headers["X-API-Key"] = admin_key
        wait_until_loaded(client)
        wait_until_recording(client)
        order = {"model_name": "opinionlens", "model_version": 2}
        assert client.post("/api/v1/models/", json=order).status_code == 201
        yield client


def tried(client: TestClient, *texts: str, models: tuple[str, str] = (FIRST, SECOND)) -> Any:
    answer = client.post(TRY, json={"texts": texts, "models": models})
    assert answer.status_code == 200, answer.text
    return TypeAdapter(TrialAnswer).validate_json(answer.content).model_dump(mode="json")


def test_a_text_whose_label_differs_is_marked(client: TestClient) -> None:
    trial = tried(client, "great", "late again")
    assert [(one["name"], one["version"], one["kind"]) for one in trial["models"]] == [
        ("opinionlens", 1, "linear"),
        ("opinionlens", 2, "linear"),
    ]
    assert (trial["differing"], [one["differs"] for one in trial["texts"]]) == (1, [False, True])
    same, other = trial["texts"]
    assert [one["prediction"] for one in same["answers"]] == ["POSITIVE", "POSITIVE"]
    assert (same["largest_change"], same["changes"]["POSITIVE"]) == (0.0, 0.0)
    assert [one["prediction"] for one in other["answers"]] == ["NEGATIVE", "POSITIVE"]


def test_probabilities_stand_beside_each_other(client: TestClient) -> None:
    (one,) = tried(client, "late")["texts"]
    for label, both in one["probabilities"].items():
        assert both == [answer["probabilities"][label] for answer in one["answers"]]
        assert one["changes"][label] == pytest.approx(both[1] - both[0])
    assert one["largest_change"] == pytest.approx(max(map(abs, one["changes"].values())))
    assert one["probabilities"]["NEGATIVE"][0] > 0.8 > 0.2 > one["probabilities"]["NEGATIVE"][1]


def test_words_that_decided_in_each_are_paired(client: TestClient) -> None:
    (one,) = tried(client, "great, late and fine")["texts"]
    words = {word["text"]: word for word in one["words"]}
    assert words["great"]["toward"] == ["POSITIVE", "POSITIVE"]
    assert words["late"]["toward"] == ["NEGATIVE", "POSITIVE"]
    assert words["fine"]["toward"] == [None, "POSITIVE"]
    assert [words[name]["agrees"] for name in ("great", "late", "fine")] == [True, False, False]
    assert words["late"]["shares"] == [pytest.approx(1.0), pytest.approx(2 / 3)]
    assert words["fine"]["shares"][0] is None
    assert [[listed["text"] for listed in answer["strongest_words"]] for answer in one["answers"]] == [
        ["great", "late"],
        ["great", "fine", "late"],
    ]


def test_what_answers_and_the_word_list_can_be_asked(client: TestClient) -> None:
    trial = tried(client, "awful", models=("active", "lexicon"))
    assert [(one["version"], one["kind"]) for one in trial["models"]] == [(1, "linear"), (None, "lexicon")]
    assert [one["prediction"] for one in trial["texts"][0]["answers"]] == ["NEUTRAL", "NEGATIVE"]


def test_the_form_for_one_version_gives_what_it_gave(client: TestClient) -> None:
    answer = client.post(f"/api/v1/models/{SECOND}/try", json={"text": "late"})
    one = ExplanationAnswer.model_validate_json(answer.content)
    assert list(answer.json()) == [
        "prediction", "confidence", "probabilities", "uncertain", "reason", "prediction_id",
        "model", "request_id", "words", "strongest_words", "contributions",
        "rest", "bias", "decision", "exact", "domain_share",
    ]  # fmt: skip
    (both,) = tried(client, "late", models=(SECOND, FIRST))["texts"]
    assert one.prediction == both["answers"][0]["prediction"] == "POSITIVE"
    assert one.model_dump(mode="json")["words"] == both["answers"][0]["words"]


def test_nothing_is_counted(client: TestClient) -> None:
    def counted() -> list[str]:
        lines = client.get("/metrics").text.splitlines()
        return [line for line in lines if line.startswith("predicted_sentiment_total")]

    before = counted()
    tried(client, "great", "late")
    assert counted() == before


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"texts": ["x"], "models": [FIRST, FIRST]}, 422, "Both are the same version."),
        ({"texts": ["x"], "models": [FIRST, "opinionlens-9"]}, 404, "opinionlens-9 is not loaded."),
        ({"texts": ["x"], "models": [FIRST]}, 422, "at least 2 items"),
        ({"texts": [], "models": [FIRST, SECOND]}, 422, "at least 1 item"),
        ({"texts": ["x"] * 11, "models": [FIRST, SECOND]}, 422, "at most 10 items"),
        ({"texts": ["x" * 10_001], "models": [FIRST, SECOND]}, 422, "at most 10000 characters"),
        ({"text": "x", "models": [FIRST, SECOND]}, 422, "Field required"),
    ],
)
def test_a_wrong_order_is_refused_in_words(
    client: TestClient, body: dict[str, Any], status: int, words: str
) -> None:
    answer = client.post(TRY, json=body)
    assert answer.status_code == status
    assert words in answer.text


def test_it_is_for_administrators(promoted_client: TestClient) -> None:
    answer = promoted_client.post(TRY, json={"texts": ["x"], "models": ["active", "lexicon"]})
    assert answer.status_code == 401


def test_the_active_version_is_not_loaded_twice(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loads: list[str] = []
    from opinionlens.serving.store import ModelStore

    load = ModelStore.load_cached
    monkeypatch.setattr(
        ModelStore, "load_cached", lambda store, card: loads.append(card.number) or load(store, card)
    )
    tried(client, "great", models=(SECOND, FIRST))
    assert 1 not in loads
