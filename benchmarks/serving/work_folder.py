"""Where everything lies that a run needs or makes: below `.benchmarks/`, which git ignores."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".benchmarks" / "serving"

TWEETS = WORK / "tweets.json"
ARTIFACTS = (WORK / "artifact-1", WORK / "artifact-2")
DEFAULT_ARTIFACT = WORK / "default-artifact"
REGISTRY = WORK / "registry.db"
# What the log of an app in use holds; copied for each start.
FULL_DATABASE = WORK / "full.db"
LOGS = WORK / "logs"
RESULTS = WORK / "results"
