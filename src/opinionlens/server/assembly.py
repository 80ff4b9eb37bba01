"""Assembly of the app from the environment.

It reads the settings, configures logging and opens the registry. Imports nearly everything that serves.
"""

from __future__ import annotations

import sys

import structlog
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from opinionlens.accounts.secret_checks import refuse_weak_secrets
from opinionlens.base.errors import OpinionLensError
from opinionlens.base.setting_groups import MlflowSettings
from opinionlens.base.settings import Settings, load_settings
from opinionlens.registry import Credentials, ProcessLimits, SparingRegistry
from opinionlens.server.bootstrap import configure_logging_by, prepare
from opinionlens.web.factory import create_app

# The memory of MLflow's process matters more here than the seconds of its next start.
_LIMITS = ProcessLimits(idle=120)


def app_alone() -> FastAPI:
    """Prepare the database and build the app.

    Raises:
        SettingsInvalid: the environment holds an unknown, impossible or unsafe value.
        SchemaUnsupported: the database belongs to a newer version.
    """
    settings = load_settings()
    refuse_weak_secrets(settings)
    configure_logging_by(settings.api)
    prepare(settings)
    return _app(settings)


def app_of_worker() -> FastAPI:
    """Build the app; end the process where settings are invalid."""
    try:
        settings = load_settings()
        configure_logging_by(settings.api)
        return _app(settings)
    except OpinionLensError as error:
        structlog.get_logger("app").error("worker.not_started", reason=str(error))
        sys.exit(STARTUP_FAILURE)


def _app(settings: Settings) -> FastAPI:
    registry = SparingRegistry(
        settings.mlflow.registry_uri,
        credentials=_credentials(settings.mlflow),
        experiment=settings.mlflow.remote_experiment_name,
        limits=_LIMITS,
        setting=settings.mlflow.registry_setting,
    )
    return create_app(settings, registry=registry, close=registry.close)


def _credentials(mlflow: MlflowSettings) -> Credentials | None:
    if not mlflow.remote_username or mlflow.remote_password is None:
        return None
    return Credentials(mlflow.remote_username, mlflow.remote_password.get_secret_value())
