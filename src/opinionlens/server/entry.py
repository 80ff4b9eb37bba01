"""Entry points of the server for uvicorn.

They read the settings, configure logging and open the registry.

uvicorn --factory opinionlens.server.entry:build_app --no-access-log
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading

import structlog
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from opinionlens.accounts.secret_checks import refuse_weak_secrets
from opinionlens.base.errors import OpinionLensError
from opinionlens.base.setting_groups import MlflowSettings
from opinionlens.base.settings import Settings, load_settings
from opinionlens.registry import Credentials, ProcessRegistry
from opinionlens.server.bootstrap import configure_logging_by, prepare
from opinionlens.web.factory import create_app


def build_app() -> FastAPI:
    """Build the app from the environment for a single process.

    Raises:
        SettingsInvalid: the environment holds an unknown, impossible or unsafe value.
        SchemaUnsupported: the database belongs to a newer version.
    """
    settings = load_settings()
    refuse_weak_secrets(settings)
    configure_logging_by(settings.api)
    prepare(settings)
    return _app(settings)


def build_worker_app() -> FastAPI:
    """Build the app for one worker of several.

    The parent process has prepared the database.

    The worker ends with its parent, even where that is killed, so that no orphan keeps the port. Invalid
    settings end it with a status that tells the parent not to try again.
    """
    _end_with_parent()
    try:
        settings = load_settings()
        configure_logging_by(settings.api)
        return _app(settings)
    except OpinionLensError as error:
        structlog.get_logger("app").error("worker.not_started", reason=str(error))
        sys.exit(STARTUP_FAILURE)


def _app(settings: Settings) -> FastAPI:
    registry = ProcessRegistry(
        settings.mlflow.registry_uri,
        credentials=_credentials(settings.mlflow),
        experiment=settings.mlflow.remote_experiment_name,
        setting=settings.mlflow.registry_setting,
    )
    app = create_app(settings, registry=registry, close=registry.close)
    _spare_from_collections()
    return app


def _spare_from_collections() -> None:
    """Exclude all present objects from garbage collection.

    A full collection stops all threads: 60 ms with these hundreds of thousands of objects, for every few
    explanations of long texts.
    """
    gc.collect()
    gc.freeze()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()


def _credentials(mlflow: MlflowSettings) -> Credentials | None:
    if not mlflow.remote_username or mlflow.remote_password is None:
        return None
    return Credentials(mlflow.remote_username, mlflow.remote_password.get_secret_value())
