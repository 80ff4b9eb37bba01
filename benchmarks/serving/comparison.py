"""Each server in turn, and a route of ours that does nothing: processor time and requests per second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
from benchmarks.serving.contenders import OTHERS, OURS, Contender, forget_state, make_environment
from benchmarks.serving.figures import Spread, markdown_table, ratios
from benchmarks.serving.load import Load, run_wrk
from benchmarks.serving.model import AGREEMENT, load_tweets
from benchmarks.serving.processes import ServerProcess
from benchmarks.serving.subjects import Subject

NOTHING = "the same app, a route that does nothing"
_NOTHING_PATH = "/api/v1/inference/nothing"
_CHECKED = 20
_WARM_UP_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Turn:
    """One load of one server, and how long processors worked for it meanwhile."""

    load: Load
    processor_seconds: float

    @property
    def per_second(self) -> float:
        """Answered requests per second."""
        return self.load.per_second

    @property
    def microseconds(self) -> float:
        """Processor time per request."""
        return self.processor_seconds / self.load.requests * 1e6

    @property
    def per_processor_second(self) -> float:
        """Requests for each second that a processor worked; unlike a rate, neighbours hardly change it."""
        return self.load.requests / self.processor_seconds


Rounds = dict[str, list[Turn]]


def prepare(subject: Subject, others: Sequence[Contender] = OTHERS) -> None:
    """Make the environments of the others."""
    for contender in others:
        make_environment(contender.key)
        contender.prepare(subject)


def measure(subject: Subject, rounds: int, seconds: int, others: Sequence[Contender] = OTHERS) -> Rounds:
    """Load every server once in each round, so that what else the machine does hits all alike."""
    texts = load_tweets()
    expected = joblib.load(subject.pipeline).predict_proba(texts[:_CHECKED])
    measured: Rounds = {name: [] for name in (OURS.name, NOTHING, *(other.name for other in others))}
    for number in range(1, rounds + 1):
        for contender in (OURS, *others):
            for name, turn in _turns(contender, subject, texts, expected, seconds).items():
                measured[name].append(turn)
                print(
                    f"round {number}: {name}: {turn.microseconds:,.0f} µs, {turn.per_second:,.0f}/s",
                    flush=True,
                )
    return measured


def _turns(
    contender: Contender, subject: Subject, texts: Sequence[str], expected: np.ndarray, seconds: int
) -> dict[str, Turn]:
    """Start one server, compare its answers, load it, end it."""
    bodies = contender.bodies(texts)
    paths = {contender.name: contender.path}
    if contender is OURS:
        paths[NOTHING] = _NOTHING_PATH
        forget_state()
    with contender.start(subject) as server:
        server.wait_until_ready(contender.ready)
        _check(contender, server.port, texts, expected)
        run_wrk(server.port, contender.path, bodies, seconds=_WARM_UP_SECONDS)
        return {name: _turn(server, path, bodies, seconds) for name, path in paths.items()}


def _turn(server: ServerProcess, path: str, bodies: Path, seconds: int) -> Turn:
    worked = server.processor_seconds()
    load = run_wrk(server.port, path, bodies, seconds=seconds)
    return Turn(load, server.processor_seconds() - worked)


def _check(contender: Contender, port: int, texts: Sequence[str], expected: np.ndarray) -> None:
    """Refuse a server of another model."""
    answers = np.array([contender.ask(port, text) for text in texts[:_CHECKED]])
    difference = float(np.abs(answers - expected).max())
    if difference > AGREEMENT:
        raise SystemExit(f"{contender.name} answers otherwise than the pipeline, by {difference:.1e}")


def table(measured: Rounds) -> str:
    """Return the rows as Markdown."""
    ours = _rates(measured[OURS.name])
    rows = [
        [
            name,
            Spread.of([turn.microseconds for turn in turns]).shown(),
            ""
            if name == OURS.name
            else Spread.of(ratios(_thrift(measured[OURS.name]), [_thrift(turns)])).shown(2),
            Spread.of(_rates(turns)).shown(),
            "" if name == OURS.name else Spread.of(ratios(ours, [_rates(turns)])).shown(2),
            Spread.of([turn.load.p99_ms for turn in turns]).shown(1),
            str(sum(turn.load.failed for turn in turns)),
        ]
        for name, turns in measured.items()
    ]
    head = ["server", "processor time a request, µs", "it / OpinionLens", "requests/s", "OpinionLens / it"]
    head += ["p99, ms", "failed"]
    return markdown_table(head, rows)


def summary(measured: Rounds) -> str:
    """Return the figures that have a bar."""
    others = [turns for name, turns in measured.items() if name not in (OURS.name, NOTHING)]
    ours = measured[OURS.name]
    lines = []
    if others:
        thrift = Spread.of(ratios(_thrift(ours), [_thrift(turns) for turns in others])).shown(1)
        lines.append(
            f"processor time a request, the best of the others / OpinionLens: {thrift} (bar: at least 5)"
        )
        best = Spread.of(ratios(_rates(ours), [_rates(turns) for turns in others])).shown(1)
        lines.append(f"requests/s, OpinionLens / the best of the others: {best} (bar: at least 5; aim: 10)")
    nothing = Spread.of(ratios(_rates(ours), [_rates(measured[NOTHING])])).shown(2)
    lines.append(f"requests/s, OpinionLens / its route that does nothing: {nothing} (bar: at least 0.7)")
    return "\n".join(f"- {line}" for line in lines)


def setups(others: Sequence[Contender] = OTHERS) -> str:
    """Return how each server is set up, as a Markdown list."""
    return "\n".join(f"- {each.name}: {each.setup}" for each in (OURS, *others))


def _thrift(turns: Sequence[Turn]) -> list[float]:
    return [turn.per_processor_second for turn in turns]


def _rates(turns: Sequence[Turn]) -> list[float]:
    return [turn.per_second for turn in turns]
