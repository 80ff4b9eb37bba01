"""Opening the registry and the cache that the settings name."""

from __future__ import annotations

from pathlib import Path

from opinionlens.base.setting_groups import MlflowSettings
from opinionlens.registry import Credentials, ProcessLimits, SparingRegistry
from opinionlens.serving.cache import ArtifactCache
from opinionlens.serving.store import ModelStore

# A person waits, and may do so on a busy laptop; the app has requests to answer instead.
_PATIENT = ProcessLimits(start=180, call=120)


def open_registry(settings: MlflowSettings, credentials: Credentials | None = None) -> SparingRegistry:
    """Open the registry, with MLflow in another process.

    That process is started only where MLflow is needed. The caller closes it.
    """
    return SparingRegistry(
        settings.registry_uri,
        credentials=credentials or _configured(settings),
        experiment=settings.remote_experiment_name,
        limits=_PATIENT,
        setting=settings.registry_setting,
    )


def open_store(folder: Path) -> ModelStore:
    """Return a store that keeps versions in a folder."""
    return ModelStore(ArtifactCache(folder))


def _configured(settings: MlflowSettings) -> Credentials | None:
    if settings.remote_username is None or settings.remote_password is None:
        return None
    return Credentials(settings.remote_username, settings.remote_password.get_secret_value())
