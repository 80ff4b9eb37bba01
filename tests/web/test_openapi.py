"""The description of the API is true and carries examples."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient
from tests.support.web_app import MakeSettings

from opinionlens.cli.openapi_command import run_openapi
from opinionlens.registry import MemoryRegistry
from opinionlens.web import openapi
from opinionlens.web.factory import create_app
from opinionlens.web.http import schemas

ROOT = Path(__file__).parents[2]

GENERIC = {"Successful Response", "Validation Error", "Unprocessable Entity", "Unprocessable Content"}


@pytest.fixture(scope="module")
def schema(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/openapi.json").json()
    return document


def test_it_is_made_on_first_use_once_and_off_the_event_loop(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_in: list[threading.Thread] = []
    correct = openapi.with_problems

    def noting(*args: Any, **kwargs: Any) -> dict[str, Any]:
        made_in.append(threading.current_thread())
        return correct(*args, **kwargs)

    monkeypatch.setattr(openapi, "with_problems", noting)
    app = create_app(make_settings(), registry=MemoryRegistry())
    with TestClient(app) as client:
        client.post("/api/v1/inference/predict", json={"text": "great"})
        assert made_in == []
        assert "/api/v1/inference/predict" in client.get("/").text
        documents = [client.get("/openapi.json").json() for _ in range(2)]
        assert documents == [app.openapi(), app.openapi()]
        assert len(made_in) == 1
        assert client.portal is not None
        assert made_in[0] is not client.portal.call(threading.current_thread)


def test_the_parity_addresses_are_there(schema: dict[str, Any]) -> None:
    methods = {path: set(operations) for path, operations in schema["paths"].items()}
    assert methods["/api/v1/inference/predict"] == {"get", "post"}
    assert methods["/api/v1/inference/batch_predict"] == {"post"}
    assert {"/api/v1/", "/api/v1/about", "/health", "/ready"} <= set(methods)


def test_errors_are_described_as_they_are_sent(schema: dict[str, Any]) -> None:
    operation = schema["paths"]["/api/v1/inference/predict"]["post"]
    for status in ("413", "422", "503"):
        content = operation["responses"][status]["content"]
        assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert "HTTPValidationError" not in schema["components"]["schemas"]


def test_limits_are_stated(schema: dict[str, Any]) -> None:
    operation = schema["paths"]["/api/v1/inference/batch_predict"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert (body["maxItems"], body["items"]["maxLength"]) == (1_000, 10_000)
    assert "2,000,000 bytes" in operation["responses"]["413"]["description"]


def test_every_input_has_an_example_that_is_accepted(
    client: TestClient, schema: dict[str, Any], admin_key: str
) -> None:
    for path, operations in schema["paths"].items():
        body = operations.get("post", {}).get("requestBody")
        if body is None:
            continue
        described = resolved(schema, body["content"]["application/json"]["schema"])
        examples = described.get("examples") or [
            {name: field["examples"][0] for name, field in described["properties"].items()}
        ]
        for example in examples:
            answer = client.post(path, json=example, headers={"Authorization": f"Bearer {admin_key}"})
            # Of versions there are none here: the order is understood, and there is nothing to do it with.
            nothing_there = (404, 409) if path.startswith("/api/v1/models/") else ()
            assert answer.status_code in (200, 201, *nothing_there), path


def resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """What a part of the document means, if it only names another."""
    name = part.get("$ref", "").rpartition("/")[2]
    return dict(schema["components"]["schemas"][name]) if name else part


def test_what_asks_for_a_key_says_so(schema: dict[str, Any]) -> None:
    assert schema["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    keys = schema["paths"]["/api/v1/keys/"]
    assert [keys[method]["security"] for method in ("get", "post")] == [[{"key": []}]] * 2
    assert {"401", "403"} <= set(keys["get"]["responses"])
    assert "security" not in schema["paths"]["/health"]["get"]


@pytest.mark.parametrize("model", [schemas.PredictionAnswer, schemas.ExplanationAnswer, schemas.Problem])
def test_examples_of_answers_fit_their_own_models(model: type[BaseModel]) -> None:
    examples = model.model_config["json_schema_extra"]["examples"]  # type: ignore[index, call-overload]
    for example in examples:
        model.model_validate(example)


def test_the_stored_document_is_that_of_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("API__MAX_TEXT_CHARS", "7")  # the limits that hold by default, wherever this runs
    run_openapi(tmp_path / "openapi.json")
    now, stored = (tmp_path / "openapi.json").read_text(), (ROOT / "docs" / "openapi.json").read_text()
    changed = "the API has changed: look at the difference, tell who calls it, and run `make openapi`"
    assert json.loads(now) == json.loads(stored), changed
    assert now == stored, changed


class TestEverything:
    """What a program's author looks for is there, for every address."""

    def test_has_words(self, schema: dict[str, Any]) -> None:
        for name, operation in operations_of(schema):
            assert operation["summary"], name
            assert operation["description"], name
            for status, response in operation["responses"].items():
                assert len(response["description"]) > 5, (name, status)
                assert response["description"] not in GENERIC, (name, status)
            for parameter in operation.get("parameters", ()):
                assert parameter["description"], (name, parameter["name"])

    def test_has_examples(self, schema: dict[str, Any]) -> None:
        for name, operation in operations_of(schema):
            for parameter in operation.get("parameters", ()):
                stated = {*parameter, *parameter["schema"]}
                assert stated & {"example", "examples", "default"}, (name, parameter["name"])
            contents = [response.get("content", {}) for response in operation["responses"].values()]
            for content in [operation.get("requestBody", {}).get("content", {}), *contents]:
                for kind, described in content.items():
                    assert "example" in described or has_example(schema, described["schema"]), (name, kind)

    def test_what_needs_a_key_says_so_and_nothing_else_does(
        self, client: TestClient, schema: dict[str, Any]
    ) -> None:
        assert schema["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
        for name, operation in operations_of(schema):
            method, path = name.split()
            address = re.sub(r"{\w+}", "1", path)
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            sent = example_of(schema, body["schema"]) if body else None
            status = client.request(method, address, json=sent).status_code
            assert (status == 401) == (operation.get("security") == [{"key": []}]), name

    def test_a_refusal_of_large_bodies_is_described_where_bodies_are_taken(
        self, schema: dict[str, Any]
    ) -> None:
        for name, operation in operations_of(schema):
            assert ("requestBody" in operation) == ("413" in operation["responses"]), name


def operations_of(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            yield f"{method.upper()} {path}", operation


def has_example(schema: dict[str, Any], described: dict[str, Any]) -> bool:
    described = resolved(schema, described)
    if {"example", "examples", "const", "enum"} & set(described):
        return True
    if "anyOf" in described:
        return all(has_example(schema, one) for one in described["anyOf"] if one.get("type") != "null")
    if described.get("type") == "array":
        return has_example(schema, described["items"])
    fields = described.get("properties", {}).values()
    return bool(fields) and all(has_example(schema, field) for field in fields)


def example_of(schema: dict[str, Any], described: dict[str, Any]) -> Any:
    described = resolved(schema, described)
    if "examples" in described:
        return described["examples"][0]
    return {
        name: field["examples"][0] for name, field in described["properties"].items() if "examples" in field
    }


def test_the_docs_page_loads_the_description_of_this_app(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert 'data-openapi="/openapi.json"' in page.text
    assert client.get("/swagger/swagger-ui-bundle.js").status_code == 200
