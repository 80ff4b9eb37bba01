"""Files of the runs, to which XCom refers: one folder each, of which the newest stay."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from sentiment_steps.faults import StepError

KEPT_RUNS = 30


def folder_of(runs: Path, run_id: str) -> Path:
    """Return the folder of a run: the same for each of its tries, and no path out of `runs`."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", run_id)[:60].strip("-")
    return runs / f"{words}-{hashlib.sha256(run_id.encode()).hexdigest()[:8]}"


def make_folder(runs: Path, run_id: str) -> Path:
    """Make the folder of a run, and remove those of old ones."""
    folder = folder_of(runs, run_id)
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()
    others = sorted(
        (each for each in runs.iterdir() if each.is_dir() and each != folder),
        key=lambda each: each.stat().st_mtime,
        reverse=True,
    )
    for old in others[KEPT_RUNS - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def read_report(path: Path) -> dict[str, Any]:
    """Read what `opinionlens drift check --json` wrote.

    Raises:
        StepError: It is no JSON object.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StepError(f"The drift check left no report in {path}: {error}") from error
    if not isinstance(report, dict):
        raise StepError(f"The drift check's report in {path} is no JSON object.")
    return report
