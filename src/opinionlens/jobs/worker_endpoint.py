"""The worker's `/metrics` and `/health`, for Prometheus and health checks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from opinionlens.base.errors import SettingsInvalid
from opinionlens.jobs.worker_metrics import WorkerMetrics

_SILENT_CLIENT_SECONDS = 10

Answer = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@contextmanager
def answering(host: str, port: int, metrics: WorkerMetrics) -> Iterator[int]:
    """Answer on an address during the block; yield its port.

    Raises:
        SettingsInvalid: the address cannot be used.
    """
    try:
        server = make_server(host, port, _answer_for(metrics), server_class=_Server, handler_class=_Handler)
    except OSError as error:
        raise SettingsInvalid(
            f"The worker cannot listen on port {port}: {error.strerror or error}.",
            where=host,
            remedy="WORKER__HOST and WORKER__PORT name another address; a port of 0 means none.",
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="worker-endpoint", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _answer_for(metrics: WorkerMetrics) -> Answer:
    registry = CollectorRegistry()
    registry.register(metrics)
    show: Answer = make_wsgi_app(registry)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return show(environ, start_response)
        if path == "/health":
            stuck = metrics.stuck()
            status, words = (
                ("503 Service Unavailable", f"stuck: {', '.join(stuck)}") if stuck else ("200 OK", "ok")
            )
        else:
            status, words = "404 Not Found", "There are /metrics and /health."
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{words}\n".encode()]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False


class _Handler(WSGIRequestHandler):
    timeout = _SILENT_CLIENT_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ANN401 - the base class's names
        """Log no request: there is one every few seconds."""
