"""Files of the runs, to which XCom refers: one folder each, of which the newest stay."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sentiment_steps.faults import OptionError, StepError

KEPT_RUNS = 30
# XCom is a table of Airflow's database: more than this belongs into a file, which `window` names.
MOST_BYTES = 5_000_000
# The second system's two names, and what goes with them (docs/drift.md).
HANDED = ("sentiment_dist", "embeddings", "texts", "window")


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


def read_result(path: Path) -> dict[str, Any]:
    """Read what a command with `--json` wrote.

    Raises:
        StepError: It is no JSON object.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StepError(f"The command left no result in {path}: {error}") from error
    if not isinstance(report, dict):
        raise StepError(f"The command's result in {path} is no JSON object.")
    return report


def handed_in(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a run was given to be checked.

    Raises:
        OptionError: It is too much for XCom.
    """
    given = {key: values[key] for key in HANDED if values and values.get(key) is not None}
    size = len(json.dumps(given))
    if size > MOST_BYTES:
        raise OptionError(
            f"The run was given {size / 1e6:.0f} MB; {MOST_BYTES / 1e6:.0f} MB are the most for XCom.",
            remedy="Name a file as `window`, or write drift/recent.npz.",
        )
    return given


def write_handed(path: Path, values: Mapping[str, Any] | None) -> Path:
    """Write what a run was given as the file that `drift check --xcom` takes.

    Raises:
        OptionError: It is too much for XCom.
    """
    text = json.dumps(handed_in(values))
    aside = path.with_name(f"{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    return aside.replace(path)
