"""The load of the comparison: wrk on 16 connections, each asking again as soon as it has its answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.work_folder import WORK

CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk saw."""

    requests: int
    seconds: float
    failed: int
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        """Answered requests per second."""
        return (self.requests - self.failed) / self.seconds


def require_wrk() -> None:
    """Say how to get wrk where it is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get update && apt-get install -y wrk")


def write_bodies(name: str, bodies: Sequence[object]) -> Path:
    """Write what will be sent, one JSON document per line."""
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"bodies-{name}.jsonl"
    path.write_text("".join(json.dumps(body) + "\n" for body in bodies), encoding="utf-8")
    return path


def run_wrk(port: int, path: str, bodies: Path, *, seconds: int) -> Load:
    """Load one address for some seconds."""
    # One thread keeps wrk to one core; with LuaJIT it sends far more than any of these servers answers.
    options = ["--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s"]
    finished = subprocess.run(
        ["wrk", *options, "--script", str(_SCRIPT), f"http://127.0.0.1:{port}{path}"],
        env={**os.environ, "BODIES": str(bodies)},
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 30,
    )
    return Load(**json.loads(finished.stdout.splitlines()[-1]))
