"""Recording of runs: port, double in memory, MLflow adapter."""

from __future__ import annotations

from opinionlens.tracking.memory import MemoryTracking
from opinionlens.tracking.port import Param, Run, RunFile, RunRecord, RunStatus, Tracking

__all__ = ["MemoryTracking", "Param", "Run", "RunFile", "RunRecord", "RunStatus", "Tracking"]
