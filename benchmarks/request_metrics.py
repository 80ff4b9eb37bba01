"""Processor time of counting a request in either way.

    uv run python -m benchmarks.request_metrics [--requests 20000] [--repeats 7]

An app with sixty routes answers by the last one, which does nothing. Each way is measured in turn; the best
of all repeats counts. With PROMETHEUS_MULTIPROC_DIR set to an empty folder the counts go to files, as those
of several workers do.
"""

from __future__ import annotations

import argparse
import asyncio
import time

import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp, Message

from opinionlens.web.http.middleware import RequestLog
from opinionlens.web.metrics import Metrics

PATH = "/api/v1/inference/predict"
ROUTES = 60  # as many as the app has


def app_with_routes() -> FastAPI:
    """Return an app whose last route answers the measured request."""
    app = FastAPI(openapi_url=None)

    async def nothing() -> dict[str, str]:
        return {}

    for number in range(ROUTES - 1):
        app.add_api_route(f"/other/{number}/{{key}}", nothing)
    app.add_api_route(PATH, nothing, methods=["POST"])
    return app


async def _receive() -> Message:
    return {"type": "http.request", "body": b"{}", "more_body": False}


async def _send(message: Message) -> None:
    return None


async def microseconds(app: ASGIApp, inner: FastAPI, requests: int) -> float:
    """Return the processor time for each request."""
    headers = [(b"host", b"localhost"), (b"content-length", b"2"), (b"content-type", b"application/json")]
    started = time.process_time()
    for _ in range(requests):
        scope = {
            "type": "http",
            "method": "POST",
            "path": PATH,
            "raw_path": PATH.encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "server": ("localhost", 80),
            "headers": headers,
            "app": inner,
        }
        await app(scope, _receive, _send)
    return (time.process_time() - started) / requests * 1e6


def main() -> None:
    """Measure and print each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    inner = app_with_routes()
    metrics = Metrics()
    ways = {
        "not counted": RequestLog(inner),
        "by the request log": RequestLog(inner, metrics=metrics, direct_paths=frozenset({PATH})),
        "by the instrumentator": RequestLog(inner, metrics=metrics),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(options.repeats):
        for name, app in ways.items():
            best[name] = min(best[name], asyncio.run(microseconds(app, inner, options.requests)))
    for name, value in best.items():
        print(f"{name:24} {value:7.1f} µs   {value - best['not counted']:+6.1f}")


if __name__ == "__main__":
    main()
