"""`opinionlens serve`: the app under uvicorn."""

from __future__ import annotations

import uvicorn

from opinionlens.cli.processes import refuse_taken_port
from opinionlens.settings import load_settings


def run_serve(*, host: str | None, port: int | None, workers: int) -> None:
    """Serve until a signal comes; open requests are answered first."""
    settings = load_settings()
    host = host or settings.api.host
    port = settings.api.port if port is None else port
    refuse_taken_port(host, port, "--port")
    uvicorn.run(
        "opinionlens.app.entry:build_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http="httptools",
        # Our own middleware logs each request, with its id and without its text.
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=20,
        server_header=False,
    )
