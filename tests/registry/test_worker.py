"""The worker's loop, with a registry in memory: every request gets its answer, whatever happens."""

from __future__ import annotations

import json
import threading
from typing import Any

from opinionlens.registry import MemoryRegistry
from opinionlens.registry.worker import serve


def request(number: int, method: str, **arguments: object) -> str:
    return json.dumps({"id": number, "method": method, "arguments": arguments})


def answers(registry: MemoryRegistry, *requests: str) -> dict[int, dict[str, Any]]:
    written: list[dict[str, Any]] = []
    serve(registry, requests, written.append)
    return {reply["id"]: reply for reply in written}


def test_every_request_gets_its_answer():
    registry = MemoryRegistry()
    registry.add_model("m")

    replies = answers(registry, request(1, "names"), request(2, "versions", name="m"))

    assert replies == {1: {"id": 1, "result": ["m"]}, 2: {"id": 2, "result": []}}


def test_our_errors_are_told_with_all_their_parts():
    reply = answers(MemoryRegistry(), request(1, "versions", name="m"))[1]

    assert reply["error"]["type"] == "VersionNotFound"
    assert "'m'" in reply["error"]["what"]


def test_a_failure_that_nobody_foresaw_is_told_too():
    class Broken(MemoryRegistry):
        def names(self) -> list[str]:
            raise ZeroDivisionError("by zero")

    replies = answers(
        Broken(), request(1, "names"), request(2, "fly"), request(3, "versions", wrong="argument")
    )

    assert replies[1]["error"] == {
        "type": "RegistryError",
        "what": "ZeroDivisionError: by zero",
        "where": None,
        "remedy": None,
    }
    assert "fly" in replies[2]["error"]["what"]
    assert "TypeError" in replies[3]["error"]["what"]


def test_a_slow_request_does_not_hold_up_the_next():
    asked_names = threading.Event()

    class Slow(MemoryRegistry):
        def has_run(self, run_id: str) -> bool:
            return asked_names.wait(20)

        def names(self) -> list[str]:
            asked_names.set()
            return []

    replies = answers(Slow(), request(1, "has_run", run_id="r"), request(2, "names"))

    assert replies[1]["result"] is True
