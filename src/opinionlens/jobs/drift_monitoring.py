"""The run that each drift check records in MLflow."""

from __future__ import annotations

from collections.abc import Mapping

from opinionlens.base.errors import TrackingError
from opinionlens.drift.comparison import WindowComparison
from opinionlens.drift.report_body import WindowSource, status_of
from opinionlens.jobs.drift_sources.mlflow_runs import MONITORING_RUN
from opinionlens.jobs.time_limits import finish_within
from opinionlens.tracking.port import Tracking

_SECONDS = 60.0


def metrics_of(found: WindowComparison) -> dict[str, float]:
    """Return the measures of a check as metrics.

    Each measure that was taken has its own name, its threshold `NAME_threshold`; beside them stand
    `combined_drift` (the sum of label and embedding drift), `drift_score` and `texts`.
    """
    metrics: dict[str, float] = {"texts": found.texts}
    for one in found.results:
        if one.value is not None:
            metrics[one.name] = one.value
        if one.threshold is not None:
            metrics[f"{one.name}_threshold"] = one.threshold
    if found.combined_drift is not None:
        metrics["combined_drift"] = found.combined_drift
    if found.score is not None:
        metrics["drift_score"] = found.score
    return metrics


def record_run(
    tracking: Tracking,
    experiment: str,
    found: WindowComparison,
    *,
    source: WindowSource,
    model: str,
    tags: Mapping[str, str] | None = None,
    seconds: float = _SECONDS,
) -> str:
    """Record a check as run `drift_monitoring`; return its id.

    Args:
        tracking: the store of runs.
        experiment: that the run belongs to.
        found: the comparison.
        source: of the window.
        model: that it was compared with.
        tags: more of them.
        seconds: to wait at most; MLflow alone takes some for its import.

    Raises:
        TrackingError: MLflow does not answer, or not in time.
    """
    own = {"drift.source": source, "drift.status": status_of(found), "drift.model": model, **(tags or {})}

    def record() -> str:
        with tracking.start_run(experiment, MONITORING_RUN, tags=own) as run:
            run.log_metrics(metrics_of(found))
            return run.id

    try:
        return finish_within(seconds, record, "drift-monitoring")
    except TimeoutError as error:
        raise TrackingError(f"MLflow took longer than {seconds:.0f} s.") from error
