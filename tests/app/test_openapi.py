"""The description of the API is true and carries examples."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from opinionlens.app import schemas


@pytest.fixture(scope="module")
def schema(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/openapi.json").json()
    return document


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


def test_the_docs_page_loads_the_description_of_this_app(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert 'data-openapi="/openapi.json"' in page.text
    assert client.get("/swagger/swagger-ui-bundle.js").status_code == 200
