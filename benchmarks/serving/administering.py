"""What an administrator does with OpinionLens, over its API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

# A made-up key of a server that only this benchmark can reach, for as long as it runs.
ADMIN_KEY = "benchmark-only-" + "0123456789abcdef" * 2


def fetch(port: int, name: str, version: int) -> None:
    """Have a registered version fetched, not activated."""
    _post(port, "/api/v1/models/", {"model_name": name, "model_version": version, "set_default": False})


def activate(port: int, name: str, version: int) -> None:
    """Let a fetched version answer."""
    _post(port, f"/api/v1/models/{name}-{version}/activate", {"why": "benchmark"})


def _post(port: int, path: str, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {ADMIN_KEY}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            response.read()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{path} answered {error.code}: {error.read().decode()}") from error
