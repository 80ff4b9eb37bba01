"""Rows 1 and 2: requests per second of each server in turn, and of a route of ours that does nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import joblib
import numpy as np
from benchmarks.serving.contenders import OTHERS, OURS, Contender, make_environment
from benchmarks.serving.figures import Spread, markdown_table, ratios
from benchmarks.serving.load import Load, run_wrk
from benchmarks.serving.model import AGREEMENT, load_tweets
from benchmarks.serving.work_folder import PIPELINE

NOTHING = "the same app, a route that does nothing"
_NOTHING_PATH = "/api/v1/inference/nothing"
_CHECKED = 20
_WARM_UP_SECONDS = 2

Rounds = dict[str, list[Load]]


def prepare(others: Sequence[Contender] = OTHERS) -> None:
    """Make the environments of the others."""
    for contender in others:
        make_environment(contender.key)
        contender.prepare()


def measure(rounds: int, seconds: int, others: Sequence[Contender] = OTHERS) -> Rounds:
    """Load every server once in each round, so that what else the machine does hits all alike."""
    texts = load_tweets()
    pipeline = joblib.load(PIPELINE)
    expected = pipeline.predict_proba(texts[:_CHECKED])
    measured: Rounds = {name: [] for name in (OURS.name, NOTHING, *(other.name for other in others))}
    for number in range(1, rounds + 1):
        for contender in (OURS, *others):
            turn = _turn(contender, texts, expected, seconds)
            for name, load in turn.items():
                measured[name].append(load)
                print(
                    f"round {number}: {name}: {load.per_second:,.0f}/s, p99 {load.p99_ms:.1f} ms", flush=True
                )
    return measured


def _turn(
    contender: Contender, texts: Sequence[str], expected: np.ndarray, seconds: int
) -> Mapping[str, Load]:
    """Start one server, compare its answers, load it, end it."""
    bodies = contender.bodies(texts)
    with contender.start() as server:
        server.wait_until_ready(contender.ready)
        _check(contender, server.port, texts, expected)
        run_wrk(server.port, contender.path, bodies, seconds=_WARM_UP_SECONDS)
        loads = {contender.name: run_wrk(server.port, contender.path, bodies, seconds=seconds)}
        if contender is OURS:
            loads[NOTHING] = run_wrk(server.port, _NOTHING_PATH, bodies, seconds=seconds)
    return loads


def _check(contender: Contender, port: int, texts: Sequence[str], expected: np.ndarray) -> None:
    """Refuse a server of another model."""
    answers = np.array([contender.ask(port, text) for text in texts[:_CHECKED]])
    difference = float(np.abs(answers - expected).max())
    if difference > AGREEMENT:
        raise SystemExit(f"{contender.name} answers otherwise than the pipeline, by {difference:.1e}")


def table(measured: Rounds) -> str:
    """Return the rows as Markdown."""
    ours = _rates(measured[OURS.name])
    rows = []
    for name, loads in measured.items():
        rates = _rates(loads)
        ratio = "" if name == OURS.name else Spread.of(ratios(ours, [rates])).shown(2)
        rows.append(
            [
                name,
                Spread.of(rates).shown(),
                Spread.of([load.p99_ms for load in loads]).shown(1),
                str(sum(load.failed for load in loads)),
                ratio,
            ]
        )
    return markdown_table(["server", "requests/s", "p99, ms", "failed", "OpinionLens / it"], rows)


def summary(measured: Rounds) -> str:
    """Return the two figures that have a bar."""
    ours = _rates(measured[OURS.name])
    others = [_rates(loads) for name, loads in measured.items() if name not in (OURS.name, NOTHING)]
    nothing = Spread.of(ratios(ours, [_rates(measured[NOTHING])])).shown(2)
    lines = [f"OpinionLens / its route that does nothing: {nothing} (bar: at least 0.7)"]
    if others:
        best = Spread.of(ratios(ours, others)).shown(1)
        lines.insert(0, f"OpinionLens / the best of the others: {best} (bar: at least 5; aim: 10)")
    return "\n".join(lines)


def _rates(loads: Sequence[Load]) -> list[float]:
    return [load.per_second for load in loads]
