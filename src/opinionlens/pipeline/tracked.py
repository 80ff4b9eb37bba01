"""Opening the tracking store for a stage: the one place where stages read settings."""

from __future__ import annotations

from dataclasses import dataclass

from opinionlens.base.progress import Reporter
from opinionlens.base.settings import MlflowSettings, load_settings
from opinionlens.registry import SourceRun
from opinionlens.registry import mlflow as registry_mlflow
from opinionlens.tracking.mlflow import MlflowTracking
from opinionlens.tracking.port import Tracking


@dataclass(frozen=True)
class Tracked:
    """Where runs are recorded, and in which experiment."""

    tracking: Tracking
    experiment: str


def open_tracking(reporter: Reporter) -> Tracked:
    """The local tracking store of the settings, ready for use.

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
    """The local tracking store."""
    return MlflowTracking(settings.local_tracking_uri, models=registry_mlflow)


def source_run(tracking: Tracking, run_id: str) -> SourceRun:
    """What a registry needs to know of the run that made a classifier.

    Raises:
        TrackingError: the run is not recorded here; its lineage would be lost.
    """
    run = tracking.run(run_id)
    return SourceRun(run.id, run.name, run.params, run.metrics, run.tags, run.started, run.ended)
