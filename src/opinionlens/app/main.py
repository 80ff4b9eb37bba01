"""The app under its older name, `opinionlens.app.main:app`.

For uvicorn and FastAPI's command (`fastapi dev src/opinionlens/app/main.py`).
`opinionlens serve` does more: limits for connections, several workers, an orderly end.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    app: FastAPI


def __getattr__(name: str) -> FastAPI:
    """Build the app on first access; importing has no effects."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from opinionlens.server.entry import build_app

    logging.getLogger("uvicorn.access").disabled = True  # it would write the texts in addresses down
    built = globals()["app"] = build_app()
    return built


def __dir__() -> list[str]:
    """List `app`, too, for FastAPI's command."""
    return sorted({*globals(), "app"})
