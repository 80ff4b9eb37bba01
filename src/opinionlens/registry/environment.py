"""Environment variables for MLflow: limits and login.

MLflow takes these in no other way.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from opinionlens.base.mlflow_client import quiet_environment
from opinionlens.registry.port import Credentials


def limited_environment(time_limit_seconds: float) -> dict[str, str]:
    """Return variables that limit how long MLflow tries.

    Without them it tries a dead server for four minutes.

    Args:
        time_limit_seconds: For both tries of a request and the pause between them. While a file is fetched,
            it limits each pause in which nothing comes.
    """
    return {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(seconds_per_try(time_limit_seconds)),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    }


def seconds_per_try(time_limit_seconds: float) -> int:
    """Return the limit on each try of a request.

    There are two tries and a pause.
    """
    return max(1, int((time_limit_seconds - 5) / 2))


def child_environment(time_limit_seconds: float, credentials: Credentials | None) -> dict[str, str]:
    """Return the environment of a child process.

    Without credentials it inherits those that are set in this process.
    """
    login = {}
    if credentials is not None:
        login = {
            "MLFLOW_TRACKING_USERNAME": credentials.username,
            "MLFLOW_TRACKING_PASSWORD": credentials.password,
        }
    package_root = str(Path(__file__).parents[2])
    search_path = os.pathsep.join(part for part in (package_root, os.environ.get("PYTHONPATH")) if part)
    limits = limited_environment(time_limit_seconds)
    return {**os.environ, **quiet_environment(), **limits, **login, "PYTHONPATH": search_path}


def worker_command() -> tuple[str, ...]:
    """Return the command that starts the child.

    `-P` keeps a stray `mlflow.py` in the working folder out of it.
    """
    return (sys.executable, "-P", "-m", "opinionlens.registry.worker")
