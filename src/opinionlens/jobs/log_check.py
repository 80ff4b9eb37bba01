"""The check of the prediction log."""

from __future__ import annotations

from opinionlens.jobs.drift_check import CheckedModel, check_window
from opinionlens.jobs.drift_windows import LogSpan, window_of_log
from opinionlens.jobs.finished_check import FinishedCheck
from opinionlens.storage import Database


def check_log(database: Database, model: CheckedModel, span: LogSpan) -> FinishedCheck:
    """Compare the predictions of one version with its reference.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    window = window_of_log(
        database,
        model.profile,
        model.recipe,
        model.knows,
        model=(model.name, model.version),
        span=span,
    )
    return FinishedCheck.of_texts(model, window, check_window(model, window))
