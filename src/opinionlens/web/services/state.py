"""Collaborators of the routes, reachable from every request.

Built once per process and handed out by the lifespan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

from starlette.requests import Request

from opinionlens.accounts.security import Security
from opinionlens.deployment.lifecycle import Lifecycle
from opinionlens.serving.predictor import Predictor
from opinionlens.serving.store import ModelStore
from opinionlens.storage.records import Records
from opinionlens.web.metrics import Metrics
from opinionlens.web.services.error_log import ErrorLog
from opinionlens.web.services.evaluations import Evaluations
from opinionlens.web.services.inputs import Inputs
from opinionlens.web.services.newest_drift import NewestDrift
from opinionlens.web.services.stopping import Stopping
from opinionlens.web.services.templates import Pages
from opinionlens.web.services.trial_runs import Trials


@dataclass(frozen=True, slots=True)
class Services:
    """The collaborators of the routes."""

    store: ModelStore
    predictor: Predictor
    inputs: Inputs
    metrics: Metrics
    pages: Pages
    records: Records
    lifecycle: Lifecycle
    evaluations: Evaluations
    trials: Trials
    security: Security
    error_log: ErrorLog
    newest_drift: NewestDrift
    ready_on_fallback: bool
    stopping: Stopping = field(default_factory=Stopping)  # streams end when it is set, and `/health` says so


class AppState(TypedDict):
    """State that the lifespan hands to each request."""

    services: Services


def services_of(request: Request) -> Services:
    """Return the app's collaborators."""
    services: Services = request.state.services
    return services
