"""`opinionlens serve`: the app under uvicorn, with or without workers."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

import uvicorn

from opinionlens.base.collecting import no_collections
from opinionlens.base.settings import Settings, load_settings
from opinionlens.cli.processes import refuse_taken_port
from opinionlens.server.bounded_connections import BoundedHttp
from opinionlens.server.descriptors import raise_open_files, room_for_connections
from opinionlens.server.open_connections import ConnectionLimits

# For the answers that are under way when the end comes; then they are cut off.
_GRACE_SECONDS = 20
# A worker that shows no sign of life for so long is replaced. Its start on a busy machine must fit in.
_SILENCE_SECONDS = 20
# How long a connection may lie idle between two requests.
_IDLE_SECONDS = 5


def run_serve(*, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve until a signal comes; open requests are answered first.

    Raises:
        SettingsInvalid: the port is taken, or a setting is unknown, impossible or unsafe.
        SchemaUnsupported: the database belongs to a newer version.
    """
    settings = load_settings()
    host = host or settings.api.host
    port = settings.api.port if port is None else port
    refuse_taken_port(host, port, "--port")
    count = workers or settings.api.workers
    options = _options(settings, host, port)
    if count == 1:
        _serve_alone(options)
    else:
        _serve_with_workers(settings, options, count)


def _options(settings: Settings, host: str, port: int) -> dict[str, Any]:
    return {
        "factory": True,
        "host": host,
        "port": port,
        "loop": "auto",  # uvloop, where it runs: not on Windows
        "http": BoundedHttp(_connection_limits(settings)),
        "ws": "none",  # there are none, and their connections would have no limits
        # Our own middleware logs each request, with its id and without its text.
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "forwarded_allow_ips": settings.security.trusted_proxies,
        "timeout_keep_alive": _IDLE_SECONDS,
        "timeout_graceful_shutdown": _GRACE_SECONDS,
        "timeout_worker_healthcheck": _SILENCE_SECONDS,
    }


def _connection_limits(settings: Settings) -> ConnectionLimits:
    """Return the connection limits; raise the limit on open files.

    The limit on open files holds for this process and its workers.
    """
    wanted = settings.api.max_connections
    return ConnectionLimits(
        total=room_for_connections(wanted, raise_open_files(wanted)),
        per_address=settings.api.max_connections_per_address,
        trusted_proxies=settings.security.trusted_proxies,
    )


def _serve_alone(options: dict[str, Any]) -> None:
    """Serve in this process, without workers.

    That needs less memory, and its metrics cost less.
    """
    with no_collections():
        from opinionlens.web.metrics.shared_counts import FOLDER_VARIABLE

    os.environ.pop(FOLDER_VARIABLE, None)  # another program's folder would mix its counts with ours
    # uvicorn ends as SIGTERM would have ended it; but to end when told is no failure.
    signal.signal(signal.SIGTERM, _end_well)
    uvicorn.run("opinionlens.server.entry:build_app", **options)


def _serve_with_workers(settings: Settings, options: dict[str, Any], count: int) -> None:
    """Prepare everything, then supervise the workers that serve.

    Workers that die are replaced.
    """
    from opinionlens.accounts.secret_checks import refuse_weak_secrets
    from opinionlens.server.bootstrap import configure_logging_by, prepare
    from opinionlens.server.supervisor import Supervisor
    from opinionlens.web.metrics.shared_counts import counting_together

    refuse_weak_secrets(settings)
    configure_logging_by(settings.api)
    prepare(settings)
    config = uvicorn.Config("opinionlens.server.entry:build_worker_app", workers=count, **options)
    with counting_together() as folder:
        supervisor = Supervisor(
            config,
            [config.bind_socket()],
            metrics_folder=folder,
            drain_seconds=settings.api.drain_seconds,
        )
        supervisor.run()
    if supervisor.has_failed:
        sys.exit(1)


def _end_well(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(0)
