"""Opening the tracking store for a stage.

Stages read settings only here.
"""

from __future__ import annotations

from dataclasses import dataclass

from opinionlens.base.progress import Reporter
from opinionlens.base.setting_groups import MlflowSettings
from opinionlens.base.settings import load_settings
from opinionlens.registry import SourceRun
from opinionlens.registry import mlflow as registry_mlflow
from opinionlens.tracking.mlflow import MlflowTracking
from opinionlens.tracking.port import Tracking


@dataclass(frozen=True)
class Tracked:
    """The store for runs, and the experiment."""

    tracking: Tracking
    experiment: str


def open_tracking(reporter: Reporter) -> Tracked:
    """Open the local tracking store of the settings.

    It is ready for use.

    Raises:
        SettingsInvalid: the environment is wrong.
        TrackingError: the store does not answer.
    """
    settings = load_settings().mlflow
    tracking = tracking_of(settings)
    with reporter.track("MLflow"):
        tracking.prepare()
    return Tracked(tracking, settings.local_experiment_name)


def tracking_of(settings: MlflowSettings) -> Tracking:
    """Return the local tracking store."""
    return MlflowTracking(
        settings.local_tracking_uri,
        models=registry_mlflow,
        setting=settings.name_of("local_tracking_uri"),
        environment=settings.tracking_login,
    )


def source_run(tracking: Tracking, run_id: str) -> SourceRun:
    """Return a classifier's run as a registry needs it.

    Raises:
        TrackingError: the run is not recorded here; its lineage would be lost.
    """
    run = tracking.run(run_id)
    return SourceRun(run.id, run.name, run.params, run.metrics, run.tags, run.started, run.ended)
