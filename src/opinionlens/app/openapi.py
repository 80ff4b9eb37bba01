"""The truth about errors in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from opinionlens.app.failures import PROBLEM_TYPE

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key; `X-API-Key` takes it, too. The pages use the cookie of a login instead.",
}
# FastAPI describes its own form of a 422, which this app never sends.
_NEVER_SENT = ("HTTPValidationError", "ValidationError")


def with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    """Return `schema` with every `Problem` under its own media type, and no error form that is never sent.

    What may answer 401 says that it takes a key.
    """
    for operations in schema["paths"].values():
        for operation in operations.values():
            if "401" in operation["responses"]:
                operation["security"] = [{"key": []}]
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/json", {})
                if content.get("schema") == _PROBLEM or status == "422":
                    response["content"] = {PROBLEM_TYPE: {"schema": _PROBLEM}}
    components = schema["components"]["schemas"]
    for name in _NEVER_SENT:
        components.pop(name, None)
    schema["components"]["securitySchemes"] = {"key": _KEY}
    return schema
