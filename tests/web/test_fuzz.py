"""Requests made up from the OpenAPI document, to every address in it: nothing breaks, all is as it says.

Schemathesis tries the examples, the edges of every limit, what the document allows and what it forbids, and
chains of requests in which one names what another made. All as the administrator, and without a key where one
is needed. Left out are events, as they go on for as long as a fetch does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from pydantic import SecretStr
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.python.asgi import shutdown_lifespans

from opinionlens.base.setting_groups import SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.web.factory import create_app

KEY = "the-key-of-the-admin-for-tests-0123456789"

REFUSALS = ["400", "401", "403", "404", "405", "409", "413", "422", "503"]

CONFIG: dict[str, Any] = {
    "seed": 1,
    "workers": 1,
    "continue-on-failure": True,
    "headers": {"Authorization": f"Bearer {KEY}"},
    "cache": {"enabled": False},
    "generation": {"deterministic": True, "max-examples": 8, "database": "none"},
    "phases": {"stateful": {"generation": {"max-examples": 5}}},
    "checks": {
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},  # a 503 must be described
        "negative_data_rejection": {"expected-statuses": REFUSALS},
    },
    "operations": [
        {
            # With `detail=true` it takes a list of anything; the document describes lists of texts.
            "include-path": "/api/v1/inference/batch_predict",
            "checks": {"negative_data_rejection": {"enabled": False}},
        },
        {
            # `Allow` also names what /api/v1/models/{model_id} takes, as these words could be ids.
            "include-path-regex": "^/api/v1/models/[a-z]+/?$",
            "checks": {"allow_header_conformance": {"enabled": False}},
        },
    ],
}


@pytest.fixture(scope="module")
def api(make_settings: Callable[..., Settings], promoted: MemoryRegistry) -> Iterator[Any]:
    security = SecuritySettings(
        trusted_hosts="testserver", admin_key=SecretStr(KEY), feedback_per_minute=1_000_000
    )
    rehearse()
    app = create_app(make_settings(groups={"security": security}), registry=promoted)
    yield loaded(app).exclude(path_regex="/events$")
    shutdown_lifespans()


def loaded(app: FastAPI) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", app, config=SchemathesisConfig.from_dict(CONFIG))


def rehearse() -> None:
    """Let schemathesis load all of itself while no other thread is at work.

    Pytest rewrites what a plugin imports, and 3.11 may fail where two threads parse source (gh-106905).
    """
    app = FastAPI()

    @app.post("/{number}")
    async def echo(number: int, body: dict[str, int]) -> int:
        return number

    assert any(isinstance(event, events.EngineFinished) for event in from_schema(loaded(app)).execute())


def faults_of(scenario: events.ScenarioFinished) -> Iterator[str]:
    recorder = scenario.recorder
    for ident, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                answer = recorder.find_response(case_id=ident)
                said = "" if answer is None else f"{answer.status_code} {answer.text[:300]}"
                request = check.failure_info.code_sample[:500]
                yield f"{recorder.label}: {failure.title}\n{failure.message}\n{request}\n{said}\n"


def test_every_address_keeps_what_the_document_says(api: Any) -> None:
    faults: list[str] = []
    asked: dict[str, int] = {}
    for event in from_schema(api).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            faults.append(str(event))
        elif isinstance(event, events.ScenarioFinished):
            faults += faults_of(event)
            label = event.recorder.label
            asked[label] = asked.get(label, 0) + len(event.recorder.interactions)
    assert faults == [], "\n".join(dict.fromkeys(faults))
    # The run would also be clean if nothing had been asked.
    expected = {
        f"{operation.ok().method.upper()} {operation.ok().path}" for operation in api.get_all_operations()
    }
    assert {label for label, requests in asked.items() if requests} >= expected
    assert sum(asked.values()) > 500
