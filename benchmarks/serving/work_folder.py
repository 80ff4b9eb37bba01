"""Where everything lies that a run needs or makes: below `.benchmarks/`, which git ignores."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".benchmarks" / "serving"

PIPELINE = WORK / "pipeline.joblib"
TWEETS = WORK / "tweets.json"
ARTIFACTS = (WORK / "artifact-1", WORK / "artifact-2")
REGISTRY = WORK / "registry.db"
REGISTRY_FILES = WORK / "mlartifacts"
LOGS = WORK / "logs"
RESULTS = WORK / "results"
