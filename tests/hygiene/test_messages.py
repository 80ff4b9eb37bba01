"""What people are told about wrong input is in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

import opinionlens.base.settings
import opinionlens.pipeline.params
import opinionlens.web.factory  # noqa: F401 - defines models
from opinionlens.web.api.feedback.bodies import feedback_body
from opinionlens.web.services.inputs import InputLimits


def models() -> list[type[BaseModel]]:
    """Return every model that reads input."""
    feedback_body(InputLimits(text_chars=10, batch_items=10, body_bytes=1_000))  # made with the limits
    waiting, found = [BaseModel], []
    while waiting:
        kinds = waiting.pop().__subclasses__()
        found += [kind for kind in kinds if kind.__module__.startswith("opinionlens.")]
        waiting += kinds
    return found


def patterns_in(schema: Any) -> Iterator[str]:
    """Yield the regular expressions that pydantic checks, and would show in its messages."""
    if isinstance(schema, dict):
        if schema.get("type") == "str" and "pattern" in schema:
            yield schema["pattern"]
        for key, part in schema.items():
            if key not in ("metadata", "json_schema_input_schema"):  # they only describe
                yield from patterns_in(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from patterns_in(part)


def test_models_of_all_kinds_are_found() -> None:
    names = {kind.__name__ for kind in models()}
    assert {"FeedbackInput", "NewKey", "FetchOrderBody", "SecuritySettings", "LabelledFile"} <= names


@pytest.mark.parametrize("kind", models(), ids=lambda kind: kind.__name__)
def test_no_message_is_a_regular_expression(kind: type[BaseModel]) -> None:
    assert list(patterns_in(kind.__pydantic_core_schema__)) == []
