"""Serve the same models with four servers and say what an answer costs each.

    uv run python -m benchmarks.serving --raw-dir ../shared/datasets/raw

Needs `wrk` (Debian's package) and, for the other servers' environments, `uv` (its path in UV if it is not on
PATH). Prints Markdown; every single measurement goes into `.benchmarks/serving/results/`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.serving import comparison, footprint, swapping
from benchmarks.serving.full_database import make_full_database
from benchmarks.serving.load import require_wrk
from benchmarks.serving.model import make_models
from benchmarks.serving.subjects import DEFAULT, WORDS, Subject
from benchmarks.serving.work_folder import RESULTS, ROOT

SUBJECTS = {subject.key: subject for subject in (WORDS, DEFAULT)}
PARTS = ("comparison", "footprint", "swap")


def main() -> None:
    """Measure what was asked for, print it and keep it."""
    # As with Ctrl-C, so that the servers end too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = _options()
    require_wrk()
    make_models(options.raw_dir, options.default_model)
    make_full_database()
    machine = _machine()
    results: dict[str, Any] = {}
    for subject in (SUBJECTS[key] for key in options.models):
        results[subject.key] = _measure(subject, options)
    if "swap" in options.only:
        swaps = swapping.measure(options.rounds, options.seconds)
        results["swap"] = [asdict(swap) for swap in swaps]
        print(f"\n{swapping.table(swaps)}\n")
    machine["load_average_after"] = os.getloadavg()
    _keep({"machine": machine, "options": {"rounds": options.rounds, "seconds": options.seconds}} | results)


def _measure(subject: Subject, options: argparse.Namespace) -> dict[str, Any]:
    """Measure one model, print and return it."""
    results: dict[str, Any] = {}
    print(f"\n## {subject.title}\n", flush=True)
    if "comparison" in options.only:
        comparison.prepare(subject)
        loads = comparison.measure(subject, options.rounds, options.seconds)
        results["comparison"] = {name: [asdict(turn) for turn in turns] for name, turns in loads.items()}
        print(f"\n{comparison.table(loads)}\n\n{comparison.summary(loads)}\n\n{comparison.setups()}\n")
    if "footprint" in options.only:
        starts = footprint.measure(options.rounds, subject)
        results["footprint"] = {kind: [asdict(start) for start in turns] for kind, turns in starts.items()}
        print(f"\n{footprint.table(starts)}\n")
    return results


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--raw-dir",
        type=Path,
        default=ROOT / "data" / "raw",
        help="folder that holds `IMDB Dataset/`; only read while there is no model yet",
    )
    parser.add_argument(
        "--default-model",
        type=Path,
        default=ROOT / "objects" / "classifier",
        help="folder of the artifact that `make demo` ships",
    )
    parser.add_argument(
        "--models",
        nargs="+",
        choices=tuple(SUBJECTS),
        default=tuple(SUBJECTS),
        help="which; all unless given",
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each server has its turn")
    parser.add_argument("--seconds", type=int, default=5, help="how long each load lasts")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=PARTS, help="which parts; all unless given"
    )
    return parser.parse_args()


def _machine() -> dict[str, Any]:
    """Return what the figures depend on beside the code."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "processors": len(os.sched_getaffinity(0)),
        "load_average_before": os.getloadavg(),
    }


def _keep(results: dict[str, Any]) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    before, after = (results["machine"][f"load_average_{when}"][0] for when in ("before", "after"))
    print(f"load average {before:.1f} before, {after:.1f} after; every measurement is in {path}")


if __name__ == "__main__":
    main()
