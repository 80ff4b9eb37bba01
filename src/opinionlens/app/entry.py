"""Where a server starts: reads the settings, configures logging, opens the registry.

uvicorn --factory opinionlens.app.entry:build_app --no-access-log
"""

from __future__ import annotations

from fastapi import FastAPI

from opinionlens.app.factory import create_app
from opinionlens.app.security.secret_checks import refuse_weak_secrets
from opinionlens.logs import configure_logging
from opinionlens.registry import Credentials, ProcessRegistry
from opinionlens.settings import LogFormat, MlflowSettings, load_settings


def build_app() -> FastAPI:
    """Return the app as the environment describes it.

    Raises:
        SettingsInvalid: the environment holds an unknown, impossible or unsafe value.
    """
    settings = load_settings()
    refuse_weak_secrets(settings)
    chosen = settings.api.logging_format
    configure_logging(
        settings.api.logging_level, json=None if chosen is LogFormat.AUTO else chosen is LogFormat.JSON
    )
    registry = ProcessRegistry(
        settings.mlflow.registry_uri,
        credentials=_credentials(settings.mlflow),
        experiment=settings.mlflow.remote_experiment_name,
    )
    return create_app(settings, registry=registry, close=registry.close)


def _credentials(mlflow: MlflowSettings) -> Credentials | None:
    if not mlflow.remote_username or mlflow.remote_password is None:
        return None
    return Credentials(mlflow.remote_username, mlflow.remote_password.get_secret_value())
