"""How a run ends when its block is left by an error."""

from __future__ import annotations

from opinionlens.tracking.port import RunStatus


def ending_status(error: BaseException) -> RunStatus:
    """FAILED for an error; KILLED for what is no error of the work: Ctrl-C, a request to exit."""
    return RunStatus.FAILED if isinstance(error, Exception) else RunStatus.KILLED
