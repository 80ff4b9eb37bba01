"""The model registry: its port, adapters and double.

Importing this package is cheap. `opinionlens.registry.mlflow` uses MLflow in this process, and importing it
is slow; `ProcessRegistry` keeps MLflow in another process, and `SparingRegistry` does without it where that
is safe.
"""

from __future__ import annotations

from opinionlens.registry.memory import MemoryRegistry
from opinionlens.registry.port import Credentials, Registry, RegistryLoginNeeded, SourceRun, Version
from opinionlens.registry.process import ProcessLimits, ProcessRegistry
from opinionlens.registry.publishing import publish
from opinionlens.registry.sparing import SparingRegistry

__all__ = [
    "Credentials",
    "MemoryRegistry",
    "ProcessLimits",
    "ProcessRegistry",
    "Registry",
    "RegistryLoginNeeded",
    "SourceRun",
    "SparingRegistry",
    "Version",
    "publish",
]
