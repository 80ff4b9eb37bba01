"""Row 4: swapping the active version while requests come in at half of what the app can answer."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.serving.administering import activate, fetch
from benchmarks.serving.contenders import OURS, forget_state
from benchmarks.serving.figures import Spread, markdown_table, percentile
from benchmarks.serving.load import run_wrk
from benchmarks.serving.model import load_tweets
from benchmarks.serving.subjects import WORDS
from benchmarks.serving.work_folder import ROOT, WORK

_SWAPS = 4
_PAUSE = 3.0
# After the answer the old version is still being freed; that belongs to the swap.
_AFTERWARDS = 1.0
_START_UP = 1.0


@dataclass(frozen=True, slots=True)
class Swap:
    """What clients saw in one round of swaps, there and back; times in milliseconds."""

    rate: float
    requests: int
    failed: int
    p99_before: float
    p99_during: float
    worst_during: float
    activation: float
    generator_late_p99: float


def measure(rounds: int, seconds: int) -> list[Swap]:
    """Swap some times in each of the rounds."""
    swaps = []
    for number in range(1, rounds + 1):
        swaps.append(_round(seconds))
        print(f"swap round {number}: {swaps[-1]}", flush=True)
    return swaps


def _round(seconds: int) -> Swap:
    bodies = OURS.bodies(load_tweets())
    forget_state()
    with OURS.start(WORDS) as server:
        server.wait_until_ready(OURS.ready)
        for version in (1, 2):
            fetch(server.port, WORDS.registered, version)
        rate = run_wrk(server.port, OURS.path, bodies, seconds=seconds).per_second / 2
        length = _START_UP + seconds + _SWAPS * (_PAUSE + _AFTERWARDS + 1)
        with _steady_load(server.port, bodies, rate, length) as out:
            time.sleep(_START_UP)
            first = time.perf_counter()
            time.sleep(seconds)
            windows = [_swap(server.port, version=2 - number % 2) for number in range(_SWAPS)]
    return _summarised(np.load(out), rate, first, windows)


def _swap(port: int, version: int) -> tuple[float, float, float]:
    """Activate a version; return when that began, was answered, and was over."""
    began = time.perf_counter()
    activate(port, WORDS.registered, version)
    answered = time.perf_counter()
    time.sleep(_AFTERWARDS + _PAUSE)
    return began, answered, answered + _AFTERWARDS


@contextmanager
def _steady_load(port: int, bodies: Path, rate: float, seconds: float) -> Iterator[Path]:
    """Send at a fixed rate while the block runs; its results are whole afterwards."""
    out = WORK / "steady.npz"
    arguments = [str(port), OURS.path, str(bodies), f"{rate:.1f}", f"{seconds:.1f}", str(out)]
    generator = subprocess.Popen([sys.executable, "-m", "benchmarks.serving.steady", *arguments], cwd=ROOT)
    try:
        yield out
        if generator.wait(seconds + 60):
            raise RuntimeError("the load at a fixed rate ended with an error")
    finally:
        generator.kill()
        generator.wait()


def _summarised(
    seen: Any,  # noqa: ANN401 - the arrays of a file
    rate: float,
    first: float,
    windows: Sequence[tuple[float, float, float]],
) -> Swap:
    began, seconds, ok = seen["began"], seen["seconds"], seen["ok"]
    before = (began >= first) & (began < windows[0][0])
    during = np.zeros(len(began), dtype=bool)
    for start, _, end in windows:
        during |= (began >= start) & (began < end)
    return Swap(
        rate=rate,
        requests=len(began),
        failed=int((~ok).sum()),
        p99_before=percentile(seconds[before].tolist(), 0.99) * 1e3,
        p99_during=percentile(seconds[during].tolist(), 0.99) * 1e3,
        worst_during=float(seconds[during].max()) * 1e3,
        activation=float(np.mean([answered - start for start, answered, _ in windows])) * 1e3,
        generator_late_p99=percentile(seen["late"].tolist(), 0.99) * 1e3,
    )


def table(swaps: Sequence[Swap]) -> str:
    """Return the row as Markdown."""
    rows = [
        ["requests/s", Spread.of([swap.rate for swap in swaps]).shown()],
        ["requests", f"{sum(swap.requests for swap in swaps):,}"],
        ["failed", str(sum(swap.failed for swap in swaps))],
        ["p99 before, ms", Spread.of([swap.p99_before for swap in swaps]).shown(1)],
        ["p99 during the swaps, ms", Spread.of([swap.p99_during for swap in swaps]).shown(1)],
        [
            "ratio of the two (bar: at most 2)",
            Spread.of([swap.p99_during / swap.p99_before for swap in swaps]).shown(1),
        ],
        ["slowest during the swaps, ms", Spread.of([swap.worst_during for swap in swaps]).shown(1)],
        ["activation, ms", Spread.of([swap.activation for swap in swaps]).shown()],
    ]
    return markdown_table(
        [f"{_SWAPS} swaps a round, {len(swaps)} rounds", "median (lowest to highest)"], rows
    )
