"""The form of an error for programs: `application/problem+json`.

Apart from the handlers of errors, which know the whole app: the server's connections need the form alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from opinionlens.base.logs import failure_code, request_id

PROBLEM_TYPE = "application/problem+json"


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an error as RFC 9457 has it."""
    failure_code.set(code)
    content: dict[str, Any] = {
        "type": f"urn:opinionlens:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id.get() or "",
    }
    if errors is not None:
        content["errors"] = errors
    return Response(to_json(content), status, dict(headers or {}), PROBLEM_TYPE)
