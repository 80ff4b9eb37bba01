"""What versions exist: the port, a double in memory, the MLflow adapter, and that in a child process.

Importing this package is cheap. `opinionlens.registry.mlflow` is imported by whoever wants MLflow in their
own process; `ProcessRegistry` keeps it in another one.
"""

from __future__ import annotations

from opinionlens.registry.memory import MemoryRegistry
from opinionlens.registry.port import Credentials, Registry, RegistryLoginNeeded, SourceRun, Version
from opinionlens.registry.process import ProcessLimits, ProcessRegistry
from opinionlens.registry.publishing import publish

__all__ = [
    "Credentials",
    "MemoryRegistry",
    "ProcessLimits",
    "ProcessRegistry",
    "Registry",
    "RegistryLoginNeeded",
    "SourceRun",
    "Version",
    "publish",
]
