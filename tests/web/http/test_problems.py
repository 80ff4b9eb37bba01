"""Errors: one form, a stable code, the request's id, and never what was sent."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator

import pytest
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.testclient import TestClient

from opinionlens.base.errors import RegistryUnavailable, ServingBusy, VersionNotFound
from opinionlens.base.logs import configure_logging
from opinionlens.base.setting_groups import Fallback
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.web.factory import create_app
from opinionlens.web.http.schemas import Problem

PREDICT = "/api/v1/inference/predict"
SECRET = "my-secret-words"


@pytest.fixture
def app(make_settings: Callable[..., Settings]) -> FastAPI:
    return create_app(make_settings(), registry=MemoryRegistry())


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging("DEBUG", json=True, stream=stream)
    yield stream
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("error", "status", "code", "title", "retry"),
    [
        (
            VersionNotFound("No such version.", where="/secret/path"),
            404,
            "version_not_found",
            "VersionNotFound",
            None,
        ),
        (
            RegistryUnavailable("It is away.", remedy="Wait."),
            503,
            "registry_unavailable",
            "RegistryUnavailable",
            None,
        ),
        (ServingBusy("Busy."), 503, "serving_busy", "ServingBusy", "1"),
    ],
)
def test_our_errors_keep_their_status_and_get_a_code(
    app: FastAPI, error: Exception, status: int, code: str, title: str, retry: str | None
) -> None:
    @app.get("/api/v1/fails")
    async def fails() -> None:
        raise error

    with TestClient(app) as client:
        response = client.get("/api/v1/fails")
    problem = Problem.model_validate_json(response.content)
    assert (response.status_code, problem.status) == (status, status)
    assert (problem.code, problem.title) == (code, title)
    assert problem.type == f"urn:opinionlens:problem:{code}"
    assert problem.request_id == response.headers["X-Request-ID"]
    assert response.headers.get("Retry-After") == retry
    assert "/secret/path" not in response.text


def test_nothing_to_answer_with_is_the_first_systems_error(make_settings: Callable[..., Settings]) -> None:
    app = create_app(make_settings(fallback=Fallback.NONE), registry=MemoryRegistry())
    with TestClient(app) as client:
        answers = [
            client.get(PREDICT, params={"text": "x"}),
            client.post(PREDICT, json={"text": "x"}),
            client.post("/api/v1/inference/batch_predict", json=["x"]),
            client.post("/api/v1/inference/explain", json={"text": "x"}),
        ]
    for response in answers:
        assert response.status_code == 503
        assert response.json()["title"] == "ModelNotAvailableError"
        assert response.json()["code"] == "model_not_available"
        assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/static/../../etc/passwd", 404, "not_found"),
        ("GET", "/static/%00", 404, "not_found"),
        ("DELETE", PREDICT, 405, "method_not_allowed"),
    ],
)
def test_wrong_addresses_and_methods_have_the_same_form(
    client: TestClient, method: str, address: str, status: int, code: str
) -> None:
    response = client.request(method, address)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert Problem.model_validate_json(response.content).code == code


def test_a_person_gets_a_page_and_a_program_json(client: TestClient) -> None:
    page = client.get("/nothing", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 404
    assert page.headers["Content-Type"].startswith("text/html")
    assert "There is nothing at this address." in page.text
    assert page.headers["X-Request-ID"] in page.text
    below_api = client.get("/api/v1/nothing", headers={"Accept": "text/html,*/*"})
    assert below_api.headers["Content-Type"] == "application/problem+json"


def test_a_page_for_our_own_error_says_what_and_keeps_the_status(app: FastAPI) -> None:
    @app.get("/fails")
    async def fails() -> None:
        raise RegistryUnavailable("It is away.", remedy="Set `MLFLOW__X`.")

    with TestClient(app) as client:
        page = client.get("/fails", headers={"Accept": "text/html"})
    assert page.status_code == 503
    assert "It is away. Set <code>MLFLOW__X</code>." in page.text


def test_what_nobody_expected_is_a_500_with_an_id_and_a_traceback_in_the_log(
    app: FastAPI, logged: io.StringIO
) -> None:
    @app.post("/api/v1/breaks")
    async def breaks(request: Request) -> None:
        raise ValueError((await request.body()).decode())

    with TestClient(app) as client:
        response = client.post("/api/v1/breaks", content=SECRET)
    problem = Problem.model_validate_json(response.content)
    assert (response.status_code, problem.code) == (500, "internal_error")
    assert response.headers["Content-Security-Policy"]
    assert SECRET not in response.text
    assert SECRET not in logged.getvalue()
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    (crash,) = [line for line in lines if line["event"] == "request.crashed"]
    assert "ValueError" in crash["exception"]
    assert "in breaks" in crash["exception"]
    assert crash["request_id"] == problem.request_id


def test_no_refusal_repeats_or_logs_what_was_sent(app: FastAPI, logged: io.StringIO) -> None:
    long = SECRET * 1_000
    with TestClient(app) as client:
        answers = [
            client.post(PREDICT, json={"text": long}),
            client.post(PREDICT, json={"text": [SECRET]}),
            client.post(PREDICT, content=f'{{"text": {SECRET}'),
            client.post("/api/v1/inference/batch_predict", json=[{SECRET: 1}]),
            client.get(PREDICT, params={"text": long}),
            client.get(PREDICT, params={SECRET: "x"}),
            client.get(f"/{SECRET}?q={SECRET}"),
            client.post("/", data={SECRET: SECRET}),
        ]
    assert [answer.status_code for answer in answers] == [422] * 6 + [404, 422]
    assert [SECRET in answer.text for answer in answers] == [False] * 8
    assert SECRET not in logged.getvalue()


def test_no_answer_logs_what_was_sent(app: FastAPI, logged: io.StringIO) -> None:
    with TestClient(app) as client:
        client.get(PREDICT, params={"text": SECRET})
        client.post(PREDICT, json={"text": SECRET})
        client.post("/api/v1/inference/explain", json={"text": SECRET})
        client.post("/", data={"text": SECRET})
    assert len(logged.getvalue().splitlines()) >= 4
    assert SECRET not in logged.getvalue()


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        (PREDICT, "HEAD, GET, POST"),
        ("/api/v1/feedback", "HEAD, GET, POST"),
        ("/predict", "POST"),
        ("/health", "HEAD, GET"),
        ("/", "HEAD, GET, POST"),
        ("/static/css/base.css", "HEAD, GET"),
    ],
)
def test_a_refused_method_comes_with_all_that_are_taken(
    client: TestClient, address: str, allowed: str
) -> None:
    for method in ("OPTIONS", "PATCH"):
        refused = client.request(method, address)
        assert (refused.status_code, refused.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 100_000, b"{", b"9" * 5_000])
def test_a_body_that_cannot_be_read_is_invalid_where_fastapi_reads_it_too(
    make_settings: Callable[..., Settings], body: bytes
) -> None:
    with TestClient(create_app(make_settings(), registry=MemoryRegistry())) as client:
        refused = client.post("/api/v1/keys/", content=body, headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    assert refused.json()["errors"][0]["where"].startswith("body")


@pytest.mark.parametrize(
    ("address", "content", "faults"),
    [
        ("/api/v1/inference/batch_predict", [1] * 300, 100),
        ("/api/v1/models/rollback", {"why": "x"} | {f"other{number}": 1 for number in range(90)}, 90),
        ("/api/v1/models/rollback", {"why": "x"} | {f"other{number}": 1 for number in range(300)}, 1),
        ("/api/v1/keys/", {"name": "x", "scopes": ["other"] * 300}, 1),
    ],
)
def test_no_more_faults_are_listed_than_anybody_reads(
    make_settings: Callable[..., Settings], admin_key: str, address: str, content: object, faults: int
) -> None:
    with TestClient(create_app(make_settings(), registry=MemoryRegistry())) as client:
        refused = client.post(address, json=content, headers={"Authorization": f"Bearer {admin_key}"})
    assert refused.status_code == 422
    assert len(refused.json()["errors"]) == faults
