"""The faults in their order, each at its share of the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.stack.asking import Door
from tests.stack.host_training import HostProject
from tests.stack.killing import KILL_ALL, KILL_WORKER
from tests.stack.running import Stack

_POSTGRES_AWAY_SECONDS = 30


@dataclass(frozen=True)
class Fault:
    """One thing that is done to the stack; `at` is the share of the run that has passed."""

    name: str
    at: float
    do: Callable[[], object]


def faults(stack: Stack, app: Door) -> tuple[Fault, ...]:
    """Return the faults of a run."""
    compose = stack.compose
    return (
        Fault("app worker killed", 0.12, lambda: compose.python("opinionlens", KILL_WORKER)),
        Fault("app container killed", 0.25, lambda: compose.python("opinionlens", KILL_ALL)),
        Fault("MLflow killed", 0.40, lambda: compose.python("mlflow", KILL_ALL)),
        Fault("PostgreSQL stopped for 30 s", 0.53, lambda: _postgres_away(stack)),
        Fault("Traefik restarted", 0.70, lambda: compose.run("restart", "traefik")),
        Fault("version swapped", 0.85, lambda: _activate(app, 2)),
    )


def make_versions_live(app: Door, host: HostProject) -> None:
    """Promote two versions from the host; the app fetches both and serves the first."""
    for version, share in ((1, 0.5), (2, 1.0)):
        host.train(share)
        host.promote()
        order = {"model_name": "opinionlens", "model_version": version, "set_default": version == 1}
        answer = app.ask("POST", "/api/v1/models/?wait=true", order, seconds=150)
        if answer.status != 201:
            raise RuntimeError(f"version {version} was not fetched: {answer.body}")


def _postgres_away(stack: Stack) -> None:
    stack.compose.run("stop", "--timeout", "10", "postgres")
    try:
        time.sleep(_POSTGRES_AWAY_SECONDS)
    finally:
        stack.compose.run("start", "postgres")


def _activate(app: Door, version: int) -> None:
    answer = app.ask("POST", f"/api/v1/models/opinionlens-{version}/activate", {"why": "swap under load"})
    if answer.status != 200:
        raise RuntimeError(f"version {version} was not activated: {answer.body}")
