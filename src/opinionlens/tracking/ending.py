"""The status of a run that ends by an error."""

from __future__ import annotations

from opinionlens.tracking.port import RunStatus


def ending_status(error: BaseException) -> RunStatus:
    """Return the status for the error that ended a run.

    KILLED for Ctrl-C and for a request to exit, which are no failures of the work; FAILED otherwise.
    """
    return RunStatus.FAILED if isinstance(error, Exception) else RunStatus.KILLED
